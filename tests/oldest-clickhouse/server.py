"""An old ClickHouse behind the part of its HTTP interface that the gateway and the datasource
use: POST with settings and `param_*` in the URL, inserts in ClickHouse's own compression, and
exceptions in its format. The engine is the extension module of PyPI's chdb; the package's
dependencies are not installed.

    server.py FOLDER_OF_CHDB DATA          prints its address and serves until it is terminated
"""

import http.server
import os
import struct
import sys
import threading
import urllib.parse

# The interface's own parameters; all others are settings.
OF_INTERFACE = {
    "query", "query_id", "database", "default_format", "user", "password", "decompress", "enable_http_compression",
    "client_protocol_version", "wait_end_of_query", "session_id", "readonly",
}


class Engine:
    """One session, one statement at a time."""

    def __init__(self, folder, data):
        os.chdir(folder)
        sys.path.insert(0, folder)
        import _chdb

        self.connection = _chdb.connect(data)
        self.lock = threading.Lock()

    def run(self, settings, database, sql, output):
        """The result, or ClickHouse's exception; settings only last for the statement."""
        with self.lock:
            try:
                self.connection.query(f"USE `{database}`", "Null")
                for name, value in settings.items():
                    self.connection.query(f"SET {name} = {quoted(value)}", "Null")
                return self.connection.query(sql, output).bytes(), None
            except RuntimeError as error:
                return b"", str(error).encode()
            finally:
                for name in settings:
                    if not name.startswith("param_"):
                        self.connection.query(f"SET {name} = DEFAULT", "Null")


def unpacked(body):
    """Decompresses ClickHouse's blocks: a checksum, which is ignored, then a method and two lengths."""
    out, at = bytearray(), 0
    while at < len(body):
        method, packed, length = body[at + 16], *struct.unpack_from("<II", body, at + 17)
        block = body[at + 25:at + 16 + packed]
        out += lz4(block, length) if method == 0x82 else block
        at += 16 + packed
    return bytes(out)


def lz4(block, length):
    out, at = bytearray(), 0

    def extended(number):
        nonlocal at
        while number >= 15:
            at += 1
            number += block[at - 1]
            if block[at - 1] != 255:
                break
        return number

    while at < len(block):
        token = block[at]
        at += 1
        literals = extended(token >> 4)
        out += block[at:at + literals]
        at += literals
        if at >= len(block):
            break
        distance = block[at] | block[at + 1] << 8
        at += 2
        for _ in range(extended(token & 15) + 4):
            out.append(out[-distance])
    assert len(out) == length, (len(out), length)
    return bytes(out)


def quoted(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, b"Ok.\n")

    def do_POST(self):
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        body = self.chunks() if chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(self.path).query, keep_blank_values=True))
        if parameters.get("decompress") == "1":
            body = unpacked(body)
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            parameters.update(form(body, kind))
            body = b""
        sql = (parameters.get("query", "") + "\n").encode() + body if "query" in parameters else body
        settings = {name: value for name, value in parameters.items() if name not in OF_INTERFACE}
        database, output = parameters.get("database") or "default", parameters.get("default_format", "TabSeparated")
        answer, error = self.server.engine.run(settings, database, sql, output)
        self.answer(500 if error else 200, error or answer)

    def chunks(self):
        body = bytearray()
        while length := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def answer(self, status, body):
        self.send_response(status)
        if status != 200:
            self.send_header("X-ClickHouse-Exception-Code", body.split(b":")[1].split(b".")[0].strip().decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def form(body, kind):
    boundary = b"--" + kind.split("boundary=")[1].strip('"').encode()
    fields = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        fields[head.split(b'name="')[1].split(b'"')[0].decode()] = value.decode()
    return fields


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.engine = Engine(*map(os.path.abspath, sys.argv[1:3]))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()

"""clickhouse-connect, unchanged, against the embedded engine (or any ClickHouse), and the
requests of Vector's clickhouse sink, byte for byte in their form."""

import base64
import datetime
import gzip
import json
import os
import unittest
import urllib.error
import urllib.parse
import urllib.request

import clickhouse_connect

URL = urllib.parse.urlparse(os.environ["FOOTFALL_CLICKHOUSE"])
PASSWORD = os.environ["FOOTFALL_CLICKHOUSE_PASSWORD"]
READER = (os.environ["FOOTFALL_CLICKHOUSE_READER"], os.environ["FOOTFALL_CLICKHOUSE_READER_PASSWORD"])


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = clickhouse_connect.get_client(host=URL.hostname, port=URL.port, username="default", password=PASSWORD, compress="lz4")
        cls.client.command("CREATE DATABASE IF NOT EXISTS py_client")
        cls.client.command("CREATE OR REPLACE TABLE py_client.t (id UInt64, s String, at DateTime64(3, 'UTC'), x Nullable(Float64)) ENGINE = MergeTree ORDER BY id")

    @classmethod
    def tearDownClass(cls):
        cls.client.command("DROP DATABASE py_client")
        cls.client.close()

    def test_native_insert_and_query(self):
        at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)
        rows = [[n, f"it's {n}", at, None if n % 2 else n / 4] for n in range(20_000)]
        summary = self.client.insert("py_client.t", rows, column_names=["id", "s", "at", "x"])
        self.assertEqual(summary.written_rows, 20_000)
        result = self.client.query("SELECT * FROM py_client.t ORDER BY id", query_tz="UTC", tz_mode="aware").result_rows
        self.assertEqual(len(result), len(rows))
        # Row by row: diffing the full lists takes minutes to print.
        for got, expected in zip(result, rows):
            self.assertEqual(list(got), expected)

    def test_parameters_and_settings(self):
        rows = self.client.query("SELECT {s:String}, {n:UInt8}", parameters={"s": "a'b\\\n", "n": 7}).result_rows
        self.assertEqual(rows, [("a'b\\\n", 7)])
        threads = self.client.query("SELECT getSetting('max_threads')", settings={"max_threads": 1}).result_rows
        self.assertEqual(int(threads[0][0]), 1)

    def test_errors(self):
        with self.assertRaises(clickhouse_connect.driver.exceptions.DatabaseError) as caught:
            self.client.query("SELECT nope")
        self.assertIn("UNKNOWN_IDENTIFIER", str(caught.exception))

    def test_wrong_password(self):
        with self.assertRaises(clickhouse_connect.driver.exceptions.DatabaseError) as caught:
            clickhouse_connect.get_client(host=URL.hostname, port=URL.port, username="default", password="wrong")
        self.assertIn("AUTHENTICATION_FAILED", str(caught.exception))

    def test_reader(self):
        reader = clickhouse_connect.get_client(host=URL.hostname, port=URL.port, username=READER[0], password=READER[1])
        self.assertEqual(reader.query("SELECT count() > 0 FROM analytics.events").result_rows, [(1,)])
        for refused in ("TRUNCATE TABLE analytics.dead_letters", "SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT * FROM py_client.t"):
            with self.assertRaises(clickhouse_connect.driver.exceptions.DatabaseError, msg=refused):
                reader.command(refused)
        reader.close()

    def test_streamed_blocks(self):
        with self.client.query_row_block_stream("SELECT number FROM numbers(500000)") as stream:
            self.assertEqual(sum(len(block) for block in stream), 500_000)

    def test_data_frame_formats(self):
        raw = self.client.raw_query("SELECT 1 AS a", fmt="JSONCompact")
        self.assertEqual(json.loads(raw)["data"], [[1]])


class VectorSink(unittest.TestCase):
    """Vector 0.57's clickhouse sink: a gzip body, the statement and its names as parameters."""

    def post(self, body, parameters, headers=None):
        url = f"{URL.geturl()}/?{urllib.parse.urlencode(parameters)}"
        basic = base64.b64encode(f"default:{PASSWORD}".encode()).decode()
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", "Authorization": f"Basic {basic}", **(headers or {})}
        return urllib.request.urlopen(urllib.request.Request(url, data=gzip.compress(body), headers=headers, method="POST"))

    def test_insert(self):
        client = clickhouse_connect.get_client(host=URL.hostname, port=URL.port, username="default", password=PASSWORD)
        client.command("CREATE DATABASE IF NOT EXISTS vec_sink")
        client.command("CREATE OR REPLACE TABLE vec_sink.t (a UInt8, at DateTime64(3)) ENGINE = MergeTree ORDER BY a")
        parameters = {
            "query": "INSERT INTO {database:Identifier}.{table:Identifier} FORMAT JSONEachRow",
            "param_database": "vec_sink", "param_table": "t",
            "input_format_import_nested_json": "1", "input_format_skip_unknown_fields": "1", "date_time_input_format": "best_effort",
        }
        body = b'{"a":1,"at":"2026-01-02T03:04:05.678Z","unknown":1}\n{"a":2,"at":"2026-01-02T03:04:05Z"}\n'
        self.assertEqual(self.post(body, parameters).status, 200)
        self.assertEqual(client.query("SELECT count() FROM vec_sink.t").result_rows, [(2,)])
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.post(b'{"a":"x"}', parameters)
        self.assertIn("Code: ", caught.exception.read().decode())
        self.assertTrue(caught.exception.headers["X-ClickHouse-Exception-Code"])
        self.assertEqual(urllib.request.urlopen(f"{URL.geturl()}/ping").read(), b"Ok.\n")
        client.command("DROP DATABASE vec_sink")

    def test_web_pages_are_refused(self):
        for headers in ({"Origin": "https://evil.example"}, {"Host": "rebound.example"}, {"Sec-Fetch-Site": "cross-site"}):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                self.post(b"", {"query": "SELECT 1"}, headers)
            self.assertEqual(caught.exception.code, 403)


if __name__ == "__main__":
    unittest.main()

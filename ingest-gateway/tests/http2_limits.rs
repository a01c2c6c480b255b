//! HTTP/2 as an attacker speaks it, frame by frame: the connection ends, and others go on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use common::Gateway;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:method: GET`, `:scheme: http`, `:path: /` by HPACK's static table, `:authority: x` as a literal.
const HEAD: &[u8] = &[0x82, 0x86, 0x84, 0x01, 1, b'x'];
/// More than any buffer between the two takes.
const FLOOD_BYTES: usize = 64 << 20;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn open(gateway: &Gateway) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).unwrap();
    stream
}

/// One frame: kind, flags, stream and payload; none at the end.
fn read(stream: &mut TcpStream) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    match stream.read_exact(&mut head) {
        Ok(()) => {}
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
            ) =>
        {
            return None;
        }
        Err(error) => panic!("the connection stays open and silent: {error}"),
    }
    let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
    let mut payload = vec![0; length];
    if stream.read_exact(&mut payload).is_err() {
        return None;
    }
    Some((head[3], head[4], u32::from_be_bytes(head[5..].try_into().unwrap()), payload))
}

/// Sends pieces until the other side does not take any more; whether it ever did not.
fn flood(stream: &mut TcpStream, mut piece: impl FnMut(u32) -> Vec<u8>) -> bool {
    let mut bytes = 0;
    for n in 0.. {
        let piece = piece(n);
        bytes += piece.len();
        if stream.write_all(&piece).is_err() {
            return true;
        }
        if bytes > FLOOD_BYTES {
            return false;
        }
    }
    false
}

fn is_answered(gateway: &Gateway) {
    let mut stream = TcpStream::connect(gateway.url.strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn memory_kib(gateway: &Gateway) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.program.process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn floods_of_frames_end_their_connection_and_no_other() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    is_answered(&gateway);
    let before_kib = memory_kib(&gateway);

    // Streams that are begun and reset at once (CVE-2023-44487).
    let mut rapid = open(&gateway);
    let ended = flood(&mut rapid, |n| {
        let stream = 2 * n + 1;
        let head = frame(HEADERS, END_HEADERS | END_STREAM, stream, HEAD);
        [head, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    assert!(ended, "rapid resets go on");

    // A head without an end (CVE-2024-27316).
    let mut endless = open(&gateway);
    endless.write_all(&frame(HEADERS, END_STREAM, 1, HEAD)).unwrap();
    // A literal without a name in the table: `a: …`.
    let field = [&[0x00, 1, b'a', 0x7f, 0x80, 0x3f][..], &[b'v'; 8_191]].concat();
    assert!(flood(&mut endless, |_| frame(CONTINUATION, 0, 1, &field)), "a head without an end is read on and on");

    // Empty settings and pings, whose answers nobody reads.
    for kind in [SETTINGS, PING] {
        let payload: &[u8] = if kind == PING { &[0; 8] } else { &[] };
        let mut deaf = open(&gateway);
        deaf.set_write_timeout(Some(Duration::from_secs(3))).unwrap();
        let piece = frame(kind, 0, 0, payload).repeat(1_000);
        assert!(flood(&mut deaf, |_| piece.clone()), "answers to {kind} are gathered without end");
    }
    is_answered(&gateway);
    let grown_kib = memory_kib(&gateway).saturating_sub(before_kib);
    assert!(grown_kib < 48 << 10, "it has grown by {grown_kib} KiB");
    assert!(gateway.stop());
}

#[test]
fn streams_and_heads_have_their_limits() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let mut stream = open(&gateway);
    let (kind, _, _, settings) = read(&mut stream).unwrap();
    assert_eq!(kind, SETTINGS);
    let setting = |id: u16| {
        let of = |chunk: &&[u8]| chunk[..2] == id.to_be_bytes();
        settings.chunks(6).find(of).map(|chunk| u32::from_be_bytes(chunk[2..].try_into().unwrap()))
    };
    assert_eq!((setting(3), setting(6)), (Some(128), Some(64 << 10)), "streams, and bytes of a head");

    // More streams than that, none of which ends: those above are refused, the connection and its first ones stay.
    for n in 0..140 {
        // Events of a project, whose body does not come.
        let head = [&[0x83][..], &HEAD[1..], &[0x00, 5], b"x-app", &[3], b"app"].concat();
        stream.write_all(&frame(HEADERS, END_HEADERS, 2 * n + 1, &head)).unwrap();
    }
    stream.write_all(&frame(PING, 0, 0, &[7; 8])).unwrap();
    let (mut refused, mut is_alive) = (0, false);
    while !is_alive {
        let (kind, flags, _, payload) = read(&mut stream).expect("the connection is kept");
        match kind {
            RST_STREAM if payload == 7_u32.to_be_bytes() => refused += 1,
            GO_AWAY => panic!("the connection is ended: {payload:?}"),
            PING => is_alive = flags == 1,
            _ => {}
        }
    }
    assert!((1..=12).contains(&refused), "{refused} streams are refused");

    // 41 KiB of headers are answered in words, 100 KiB without.
    for (fields, expected) in [(300, Some("431")), (800, None)] {
        let mut stream = open(&gateway);
        let field = [&[0x00, 1, b'a', 127, 1][..], &[b'v'; 128]].concat();
        let head = [HEAD, &field.repeat(fields)].concat();
        let mut parts = head.chunks(16 << 10).peekable();
        let first = parts.next().unwrap();
        stream.write_all(&frame(HEADERS, END_STREAM, 1, first)).unwrap();
        while let Some(part) = parts.next() {
            let flags = if parts.peek().is_none() { END_HEADERS } else { 0 };
            stream.write_all(&frame(CONTINUATION, flags, 1, part)).unwrap();
        }
        let mut answered = None;
        while let Some((kind, flags, of, payload)) = read(&mut stream) {
            match (kind, of) {
                // `:status` is no entry of the static table, so the digits stand in it, Huffman-coded or not.
                (HEADERS, 1) => answered = Some(payload),
                (RST_STREAM | GO_AWAY, _) => break,
                _ => {}
            }
            if of == 1 && flags & END_STREAM != 0 {
                break;
            }
        }
        assert!(answered.is_some() || expected.is_none(), "{fields} headers are not answered");
    }
    is_answered(&gateway);
    assert!(gateway.stop());
}

//! A disk that is full: events are refused with 503 and `Retry-After`, taken again once there is room, and nothing that
//! was answered is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use common::{
    Gateway, Program,
    beside::{arrived, beside_by, kill, restart},
};
use reqwest::Client;
use serde_json::{Value, json};

const DISK_BYTES: u64 = 24 << 20;
/// What the gateway gets of it, beside what its empty files take.
const ROOM_BYTES: u64 = 3 << 20;
const TIME_MAX: Duration = Duration::from_secs(30);

/// How a disk is made full.
enum Disk {
    /// A file system in memory, with a file that fills it; needs the right to mount one.
    Mounted { ballast: PathBuf, at: PathBuf },
    /// The limit of a process on the size of its files.
    Limited,
}

impl Disk {
    fn make(at: &Path) -> Self {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "footfall-test"]);
        if mount_succeeds(&mut mount, at) {
            Self::Mounted { ballast: at.join("ballast"), at: at.to_owned() }
        } else {
            Self::Limited
        }
    }

    /// The gateway's program, as it is started on it.
    fn program(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_ingest-gateway");
        match self {
            Self::Mounted { .. } => Command::new(program),
            Self::Limited => {
                // A write beyond the limit is an error, not the end.
                let mut shell = Command::new("sh");
                shell.args(["-c", "trap '' XFSZ; exec \"$0\"", program]);
                shell
            }
        }
    }

    fn fill(&self, gateway: &Program, journal: &Path) {
        match self {
            Self::Mounted { ballast, at } => {
                let free: u64 = free_bytes(at);
                fs::write(ballast, vec![b'x'; usize::try_from(free.saturating_sub(ROOM_BYTES)).unwrap()]).unwrap();
            }
            Self::Limited => limit(gateway, &format!("{}:", fs::metadata(journal).unwrap().len() + (64 << 10))),
        }
    }

    fn make_room(&self, gateway: &Program) {
        match self {
            Self::Mounted { ballast, .. } => fs::remove_file(ballast).unwrap(),
            Self::Limited => limit(gateway, "unlimited:"),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Mounted { at, .. } = self {
            let _ = Command::new("umount").arg("--lazy").arg(at).status();
        }
    }
}

fn mount_succeeds(mount: &mut Command, at: &Path) -> bool {
    mount.arg(at).output().is_ok_and(|output| output.status.success())
}

fn limit(gateway: &Program, limits: &str) {
    let pid = gateway.process.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={limits}")]).status().unwrap().success());
}

fn free_bytes(at: &Path) -> u64 {
    let output = Command::new("df").args(["--output=avail", "-B1"]).arg(at).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().nth(1).unwrap().trim().parse().unwrap()
}

/// Sends until an answer is not 201, and says how many were. That answer tells the client when to come again, and the
/// load balancer to send nothing meanwhile.
async fn fill_up(url: &str, first: usize) -> usize {
    for n in first..first + 200_000 {
        let answer = post(url, n).await;
        if answer.status() == 201 {
            continue;
        }
        assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"1".parse().unwrap()));
        let (status, said) = readiness(url).await;
        assert_eq!((status, said.contains("the journal cannot be read or written")), (503, true), "{said}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["reason"], "not_durable");
        return n;
    }
    panic!("the disk is never full");
}

async fn post(url: &str, n: usize) -> reqwest::Response {
    let event = json!({"type": "page_view", "user_id": "u", "timestamp": 1_790_000_000_000_i64 + n as i64, "path": format!("/{n}")});
    Client::new().post(format!("{url}/v1/events")).header("X-App", "website").json(&event).send().await.unwrap()
}

async fn readiness(url: &str) -> (u16, String) {
    let answer = Client::new().get(format!("{url}/readyz")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_events_until_there_is_room_and_loses_none() {
    let (engine_data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut engine = Gateway::start(engine_data.path());
    let disk = Disk::make(folder.path());
    let data = folder.path().join("data");
    let gateway = beside_by(disk.program(), &engine, &data, &[]);
    assert_eq!(post(&gateway.url, 0).await.status(), 201);
    arrived(&engine, 1).await;
    // ClickHouse is away, so that the journal grows.
    kill(&mut engine.program);
    disk.fill(&gateway, &data.join("journal.redb"));
    let answered = fill_up(&gateway.url, 1).await;

    disk.make_room(&gateway);
    // Nobody sends: the gateway finds out by itself, as a load balancer sends nothing to one that is not ready.
    let started = Instant::now();
    while readiness(&gateway.url).await.0 != 200 {
        assert!(started.elapsed() < TIME_MAX, "it is never ready again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for n in answered..answered + 20 {
        assert_eq!(post(&gateway.url, n).await.status(), 201, "there is room again");
    }

    // Full again, and killed while it is: what was answered is still there when it starts with room.
    disk.fill(&gateway, &data.join("journal.redb"));
    let answered = fill_up(&gateway.url, answered + 20).await;
    let mut gateway = gateway;
    kill(&mut gateway);
    if let Disk::Mounted { ballast, .. } = &disk {
        fs::remove_file(ballast).unwrap();
    }
    let _again = restart(&engine, engine_data.path());
    let gateway = beside_by(disk.program(), &engine, &data, &[]);
    let stored = arrived(&engine, answered).await;
    assert!((0..answered).all(|n| stored.contains(&n)), "{answered} were answered, {} are stored", stored.len());
    let way = if matches!(disk, Disk::Mounted { .. }) { "a mounted file system" } else { "a limit on files" };
    println!("{answered} events, by {way}");
    assert!(gateway.stop());
}

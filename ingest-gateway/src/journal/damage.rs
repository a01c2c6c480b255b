//! What a journal makes of a file that a disk has damaged: it never gives out an event other than it was, and never
//! hangs; what is whole comes out, or the start says what to do.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Journal, JournalError, Lane, Limits, Record};
use crate::metrics::Metrics;

const LIMITS: Limits = Limits { bytes_max: 1 << 20, age_max: Duration::from_secs(60) };
const RECORDS: usize = 40;
const PIECE_BYTES: usize = 4_096;
const TIME_MAX: Duration = Duration::from_secs(10);

fn text(n: usize) -> String {
    format!("{n:0>900}")
}

fn record(text: &str) -> Record {
    Record { lane: Lane::Live, events: 1, months: vec![1], bytes: Bytes::copy_from_slice(text.as_bytes()) }
}

/// The file as `kill -9` leaves it after some records.
async fn image() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), LIMITS, Arc::default()).unwrap();
    for n in 0..RECORDS {
        journal.append(vec![record(&text(n))]).await.unwrap();
    }
    std::fs::read(folder.path().join("journal.redb")).unwrap()
}

/// What is left of a file.
#[derive(Debug, PartialEq)]
enum Left {
    /// It cannot be opened; the start says what to do.
    NotOpened,
    /// It cannot be read: nothing comes out.
    NotRead,
    /// The records that are whole, in order, and how many are damaged.
    Records { whole: Vec<usize>, damaged: usize },
}

async fn left(folder: &Path, image: &[u8]) -> Left {
    std::fs::write(folder.join("journal.redb"), image).unwrap();
    let metrics = Arc::<Metrics>::default();
    // The library asserts what a damaged file may not keep, also at the start.
    let (path, counted) = (folder.to_owned(), Arc::clone(&metrics));
    let opened = tokio::task::spawn_blocking(move || Journal::open(&path, LIMITS, counted)).await;
    let Ok(Ok(journal)) = opened else { return Left::NotOpened };
    let Ok(records) = journal.oldest(Lane::Live, |_| true).await else { return Left::NotRead };
    let mut whole = Vec::new();
    for (_, record) in &records {
        let found = std::str::from_utf8(&record.bytes).unwrap();
        if record.events > 0 {
            let n = found.trim_start_matches('0').parse().unwrap_or(0);
            assert_eq!(found, text(n), "an event is other than it was");
            whole.push(n);
        }
    }
    // It goes on taking events, or says that it does not; and gives the file back.
    let appended = journal.append(vec![record("after")]).await;
    assert!(matches!(appended, Ok(()) | Err(JournalError::Broken)), "{appended:?}");
    journal.close().await;
    Left::Records { damaged: records.len() - whole.len(), whole }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_file_is_damaged_no_event_comes_out_other_than_it_was() {
    let image = image().await;
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<usize> = (0..RECORDS).collect();
    let (mut unharmed, mut without_some, mut unusable) = (0, 0, 0);
    for at in (0..image.len()).step_by(PIECE_BYTES) {
        let mut damaged = image.clone();
        let end = (at + PIECE_BYTES).min(image.len());
        damaged[at..end].iter_mut().for_each(|byte| *byte ^= 0xa5);
        let left = tokio::time::timeout(TIME_MAX, left(folder.path(), &damaged)).await;
        match left.unwrap_or_else(|_| panic!("it hangs with a damage at {at}")) {
            Left::Records { whole, damaged: 0 } if whole == all => unharmed += 1,
            Left::Records { whole, .. } => {
                assert!(whole.is_sorted(), "{whole:?}");
                without_some += 1;
            }
            Left::NotOpened | Left::NotRead => unusable += 1,
        }
    }
    println!(
        "of {} places, {unharmed} did no harm, {without_some} cost records, {unusable} the file",
        image.len() / PIECE_BYTES
    );
    assert!(unharmed > 0 && without_some > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_of_rubbish_or_one_that_is_cut_off_costs_nothing_that_was_there() {
    let image = image().await;
    let folder = tempfile::tempdir().unwrap();
    let all = Left::Records { whole: (0..RECORDS).collect(), damaged: 0 };
    let longer = [&image[..], &[0x5a; 10_000]].concat();
    assert_eq!(left(folder.path(), &longer).await, all);
    // What is cut off the end of the file was never used, or the file says so at the start.
    let cut = left(folder.path(), &image[..image.len() - PIECE_BYTES]).await;
    assert!(cut == all || cut == Left::NotOpened, "{cut:?}");
}

/// One record is damaged where it lies: the others are delivered, and it is kept for a person to look at.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_not_in_the_way_of_the_others() {
    let mut image = image().await;
    let needle = text(17);
    let at = image.windows(needle.len()).position(|window| window == needle.as_bytes()).unwrap();
    image[at + 500] ^= 1;
    let folder = tempfile::tempdir().unwrap();
    match left(folder.path(), &image).await {
        Left::Records { whole, damaged } => {
            assert_eq!((whole, damaged), ((0..RECORDS).filter(|n| *n != 17).collect(), 1));
            assert_eq!(std::fs::read(folder.path().join("journal-damaged-0-17")).unwrap().len(), needle.len());
        }
        // The library's own checksums may have found it first.
        other => panic!("{other:?}"),
    }
}

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

/// The file after some records: as `kill -9` leaves it, or closed in order.
async fn image(is_killed: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.redb");
    let journal = Journal::open(folder.path(), LIMITS, Arc::default()).unwrap();
    for n in 0..RECORDS {
        journal.append(vec![record(&text(n))]).await.unwrap();
    }
    if is_killed {
        return std::fs::read(file).unwrap();
    }
    journal.close().await;
    std::fs::read(file).unwrap()
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
    let journal = match opened {
        Ok(Ok(journal)) => journal,
        why => {
            println!("not opened: {:?}", why.map(|opened| opened.err().map(|error| format!("{error:#}"))));
            return Left::NotOpened;
        }
    };
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
    let all: Vec<usize> = (0..RECORDS).collect();
    for is_killed in [true, false] {
        let image = image(is_killed).await;
        let folder = tempfile::tempdir().unwrap();
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
            "killed: {is_killed}; {unharmed} places did no harm, {without_some} cost records, {unusable} the file"
        );
        assert!(unharmed > 0 && without_some + unusable > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_of_rubbish_costs_nothing_that_was_there() {
    let all = Left::Records { whole: (0..RECORDS).collect(), damaged: 0 };
    for is_killed in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let longer = [&image(is_killed).await[..], &[0x5a; 10_000]].concat();
        assert_eq!(left(folder.path(), &longer).await, all, "killed: {is_killed}");
    }
}

/// One record is damaged where it lies: the others are delivered, and it is kept for a person to look at.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_not_in_the_way_of_the_others() {
    let mut image = image(false).await;
    let needle = text(17);
    // Copies of earlier commits may lie about as well.
    for at in 0..image.len() - needle.len() {
        if image[at..].starts_with(needle.as_bytes()) {
            image[at + 500] ^= 1;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let expected = Left::Records { whole: (0..RECORDS).filter(|n| *n != 17).collect(), damaged: 1 };
    assert_eq!(left(folder.path(), &image).await, expected);
    assert_eq!(std::fs::read(folder.path().join("journal-damaged-0-17")).unwrap().len(), needle.len());
}

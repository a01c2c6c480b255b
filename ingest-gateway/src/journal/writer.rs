//! The thread that writes: all requests that wait at once share one commit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    JournalError, Lane, Message, Record,
    store::{self, Store},
};

/// Messages that share one commit.
const GROUP_MESSAGES_MAX: usize = 1_024;
/// Records of requests are joined up to so many bytes: few large ones are read and removed faster.
const JOINED_BYTES_MAX: usize = 1 << 20;
/// An insert of more months than that is split by ClickHouse into too many parts.
const JOINED_MONTHS_MAX: usize = 3;

/// After an error, how often the file is tried without anybody asking.
const RECOVER_PAUSE: Duration = Duration::from_secs(1);

/// Wait → gather what waits → one commit → answer, until the queue is closed.
pub fn run(mut store: Store, messages: &Receiver<Message>) {
    let mut is_broken = false;
    loop {
        let first = match is_broken {
            false => messages.recv().map_err(RecvTimeoutError::from),
            true => messages.recv_timeout(RECOVER_PAUSE),
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                is_broken = guarded(&mut store, Store::recover).is_err();
                if !is_broken {
                    tracing::info!("the journal can be written again");
                }
                continue;
            }
        };
        let (mut appended, mut removed) = (Vec::new(), Vec::new());
        let mut answers: Vec<oneshot::Sender<_>> = Vec::new();
        for message in std::iter::once(first).chain(messages.try_iter().take(GROUP_MESSAGES_MAX - 1)) {
            match message {
                Message::Append(records, answer) => {
                    appended.extend(records);
                    answers.push(answer);
                }
                Message::Remove(lane, through, answer) => {
                    removed.push((lane, through));
                    answers.push(answer);
                }
            }
        }
        let added = joined(&appended);
        let result = guarded(&mut store, |store| store.commit(&added, &removed)).map_err(|error| {
            tracing::error!(error, "the journal cannot be written; senders are told to send again");
            JournalError::Broken
        });
        is_broken = result.is_err();
        for answer in answers {
            // A request that is gone has been answered by its time limit.
            let _ = answer.send(result.clone());
        }
    }
    if let Err(error) = guarded(&mut store, |store| store.commit(&[], &[])) {
        tracing::error!(error, "the journal could not be written at the end");
    }
}

/// Gives the file up after a panic, until it is opened again.
fn guarded<T>(store: &mut Store, work: impl FnOnce(&mut Store) -> Result<T, store::Error>) -> Result<T, String> {
    let mut has_ended = false;
    let done = unpanicked(|| {
        let done = work(store);
        has_ended = true;
        done
    });
    if !has_ended {
        store.abandon();
    }
    done
}

/// The library asserts what a damaged file may not keep: a panic of it is an error like others.
pub fn unpanicked<T>(work: impl FnOnce() -> Result<T, store::Error>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("the file is damaged".to_owned()),
    }
}

/// Neighbours of a lane as one record, in their order.
fn joined(records: &[Record]) -> Vec<Record> {
    let mut joined = Vec::new();
    for lane in Lane::ALL {
        let mut open: Option<Joining> = None;
        for record in records.iter().filter(|record| record.lane == lane) {
            if open.as_mut().is_none_or(|open| !open.join(record)) {
                joined.extend(open.replace(Joining::start(record)).map(Joining::finish));
            }
        }
        joined.extend(open.map(Joining::finish));
    }
    joined
}

/// Records that become one.
struct Joining {
    lane: Lane,
    events: usize,
    months: Vec<i32>,
    parts: Vec<Bytes>,
    bytes: usize,
}

impl Joining {
    fn start(record: &Record) -> Self {
        let Record { lane, events, ref months, ref bytes } = *record;
        Self { lane, events, months: months.clone(), parts: vec![bytes.clone()], bytes: bytes.len() }
    }

    /// Takes another one in, unless there is too much then; says whether it did.
    fn join(&mut self, record: &Record) -> bool {
        let new: Vec<i32> = record.months.iter().copied().filter(|month| !self.months.contains(month)).collect();
        let bytes = self.bytes + record.bytes.len();
        let fits = bytes <= JOINED_BYTES_MAX && self.months.len() + new.len() <= JOINED_MONTHS_MAX;
        if fits {
            self.events += record.events;
            self.months.extend(new);
            self.parts.push(record.bytes.clone());
            self.bytes = bytes;
        }
        fits
    }

    fn finish(mut self) -> Record {
        let bytes = match self.parts.len() {
            1 => self.parts.swap_remove(0),
            _ => self.parts.concat().into(),
        };
        Record { lane: self.lane, events: self.events, months: self.months, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lane: Lane, months: &[i32], bytes: &'static [u8]) -> Record {
        Record { lane, events: bytes.len(), months: months.into(), bytes: Bytes::from_static(bytes) }
    }

    #[test]
    fn neighbours_are_joined_in_their_order_and_lanes_are_not() {
        let records = vec![
            record(Lane::Live, &[1], b"ab"),
            record(Lane::Backfill, &[1, 2], b"old"),
            record(Lane::Live, &[1, 2], b"c"),
            record(Lane::Backfill, &[3, 4], b"er"),
            record(Lane::Live, &[2], b"d"),
        ];
        let all = joined(&records);
        let texts: Vec<_> = all.iter().map(|of| (of.lane, of.events, of.months.len(), &of.bytes[..])).collect();
        assert_eq!(
            texts,
            [(Lane::Live, 4, 2, &b"abcd"[..]), (Lane::Backfill, 3, 2, b"old"), (Lane::Backfill, 2, 2, b"er")]
        );
    }
}

//! The thread that writes: all requests that wait at once share one commit.

use std::sync::mpsc::Receiver;

use bytes::BytesMut;
use tokio::sync::oneshot;

use super::{JournalError, Lane, Message, Record, store::Store};

/// Messages that share one commit.
const GROUP_MESSAGES_MAX: usize = 1_024;
/// Records of requests are joined up to so many bytes: few large ones are read and removed faster.
const JOINED_BYTES_MAX: usize = 1 << 20;
/// An insert of more months than that is split by ClickHouse into too many parts.
const JOINED_MONTHS_MAX: usize = 3;

/// Wait → gather what waits → one commit → answer, until the queue is closed.
pub fn run(mut store: Store, messages: &Receiver<Message>) {
    while let Ok(first) = messages.recv() {
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
        let result = store.commit(&joined(appended), &removed).map_err(|error| {
            tracing::error!(%error, "the journal cannot be written; senders are told to send again");
            JournalError::Broken
        });
        for answer in answers {
            // A request that is gone has been answered by its time limit.
            let _ = answer.send(result.clone());
        }
    }
    if let Err(error) = store.commit(&[], &[]) {
        tracing::error!(%error, "the journal could not be written at the end");
    }
}

/// Neighbours of a lane as one record, in their order.
fn joined(records: Vec<Record>) -> Vec<Record> {
    let mut joined = Vec::new();
    for lane in Lane::ALL {
        let mut run: Vec<Record> = Vec::new();
        let mut bytes = 0;
        for record in records.iter().filter(|record| record.lane == lane) {
            let fits =
                bytes + record.bytes.len() <= JOINED_BYTES_MAX && months(&run, record).len() <= JOINED_MONTHS_MAX;
            if !fits && !run.is_empty() {
                joined.push(one(std::mem::take(&mut run)));
                bytes = 0;
            }
            bytes += record.bytes.len();
            run.push(record.clone());
        }
        if !run.is_empty() {
            joined.push(one(run));
        }
    }
    joined
}

/// `run` is not empty.
fn one(mut run: Vec<Record>) -> Record {
    if run.len() == 1 {
        return run.swap_remove(0);
    }
    let mut bytes = BytesMut::with_capacity(run.iter().map(|record| record.bytes.len()).sum());
    run.iter().for_each(|record| bytes.extend_from_slice(&record.bytes));
    let last = run.swap_remove(run.len() - 1);
    let months = months(&run, &last);
    let events = run.iter().map(|record| record.events).sum::<usize>() + last.events;
    Record { lane: last.lane, events, months, bytes: bytes.freeze() }
}

fn months(run: &[Record], next: &Record) -> Vec<i32> {
    let mut months = next.months.clone();
    for month in run.iter().flat_map(|record| &record.months) {
        if !months.contains(month) {
            months.push(*month);
        }
    }
    months
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

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
        let all = joined(records);
        let texts: Vec<_> = all.iter().map(|of| (of.lane, of.events, of.months.len(), &of.bytes[..])).collect();
        assert_eq!(
            texts,
            [(Lane::Live, 4, 2, &b"abcd"[..]), (Lane::Backfill, 3, 2, b"old"), (Lane::Backfill, 2, 2, b"er")]
        );
    }
}

//! What the topic holds, against what was sent.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use serde_json::Value;

use super::{PARTITIONS, TOPIC};

/// The type of the events.
pub const KIND: &str = "chaos";
/// The time of each visitor's first event.
pub const FIRST_MS: i64 = 1_790_000_000_000;
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

/// Each visitor's events in the order in which they came first, and what makes a row of each.
#[derive(Default)]
pub struct Found {
    by_visitor: BTreeMap<usize, Vec<usize>>,
    rows: BTreeMap<(usize, usize), (String, String, String)>,
    /// Messages of events that were there already: the same row.
    pub repeated: usize,
    /// Events of which two messages would be two rows.
    as_two: Vec<(usize, usize)>,
}

impl Found {
    /// Events that are there.
    pub fn events(&self) -> usize {
        self.rows.len()
    }

    /// What is not as it should be: `acknowledged` events, of each visitor 0, 1, 2, …, each as one row.
    pub fn violations(&self, acknowledged: usize) -> Vec<String> {
        let mut violations = Vec::new();
        if self.events() != acknowledged {
            violations.push(format!("{acknowledged} events were acknowledged, {} are in the topic", self.events()));
        }
        for (visitor, events) in &self.by_visitor {
            if let Some((at, n)) = events.iter().enumerate().find(|(at, n)| at != *n) {
                violations.push(format!("of visitor {visitor}, event {n} stands where {at} should"));
            }
        }
        violations.extend(self.as_two.iter().map(|(visitor, n)| format!("event {n} of visitor {visitor} is two rows")));
        violations
    }

    fn add(&mut self, visitor: usize, n: usize, row: (String, String, String)) {
        match self.rows.get(&(visitor, n)) {
            None => {
                self.rows.insert((visitor, n), row);
                self.by_visitor.entry(visitor).or_default().push(n);
            }
            Some(first) if *first == row => self.repeated += 1,
            Some(_) => self.as_two.push((visitor, n)),
        }
    }
}

/// Reads all that is there now.
pub fn read(brokers: &str) -> anyhow::Result<Found> {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "chaos").create()?;
    let (mut ends, mut assigned) = (BTreeMap::new(), TopicPartitionList::new());
    for partition in 0..i32::try_from(PARTITIONS)? {
        let (low, high) = consumer.fetch_watermarks(TOPIC, partition, ANSWER_TIME_MAX)?;
        if low < high {
            ends.insert(partition, high);
            assigned.add_partition_offset(TOPIC, partition, Offset::Offset(low))?;
        }
    }
    consumer.assign(&assigned)?;
    let (mut found, mut heard) = (Found::default(), Instant::now());
    while !ends.is_empty() {
        let Some(message) = consumer.poll(Duration::from_millis(200)) else {
            ensure!(heard.elapsed() < ANSWER_TIME_MAX, "the topic falls silent before its end");
            continue;
        };
        heard = Instant::now();
        let message = message?;
        if ends.get(&message.partition()).is_some_and(|end| message.offset() + 1 >= *end) {
            ends.remove(&message.partition());
        }
        let event: Value = serde_json::from_slice(message.payload().context("no payload")?)?;
        if event["type"] != KIND {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = String::from_utf8(message.key().context("no key")?.to_vec())?;
        let row = (key, text(&event["timestamp"]), text(&event["event_id"]));
        found.add(text(&event["user_id"]).parse()?, text(&event["details"]["n"]).parse()?, row);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_out_of_order_or_two_is_found() {
        let row = |id: &str| ("1".to_owned(), "t".to_owned(), id.to_owned());
        let of = |sent: &[(usize, &str)], acknowledged| {
            let mut found = Found::default();
            sent.iter().for_each(|(n, id)| found.add(7, *n, row(id)));
            found.violations(acknowledged).join("; ")
        };
        assert_eq!(of(&[(0, "a"), (1, "b"), (0, "a"), (2, "c")], 3), "");
        assert!(of(&[(0, "a"), (1, "b")], 3).contains("3 events were acknowledged, 2 are in the topic"));
        assert!(of(&[(0, "a"), (2, "c"), (1, "b")], 3).contains("event 2 stands where 1 should"));
        assert!(of(&[(0, "a"), (0, "b")], 1).contains("event 0 of visitor 7 is two rows"));
    }
}

//! How far a group of consumers is behind, and how old the first event is that it has not read:
//! Kafka deletes it at the retention's end, read or not.

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};

use crate::operate::doctor::{ANSWER_TIME_MAX, finding::Finding, now_ms};

/// Consumers that are behind by more than this share of the topic's retention are close to
/// losing events.
const LAG_SHARE_MAX: f64 = 0.5;

/// A group's lag, over all partitions.
#[derive(Default)]
pub struct Lag {
    /// Events that are still to be read.
    pub behind: i64,
    /// Events that were deleted before they were read.
    pub lost: i64,
    /// The age of the oldest event that is still to be read.
    pub oldest_ms: i64,
    /// Whether the group has ever read.
    pub has_read: bool,
}

impl Lag {
    /// Asks Kafka.
    ///
    /// # Errors
    /// If it does not tell the group's offsets.
    pub fn measure(consumer: &BaseConsumer, topic: &str, partitions: &[i32]) -> Result<Self, KafkaError> {
        let mut asked = TopicPartitionList::new();
        for partition in partitions {
            asked.add_partition(topic, *partition);
        }
        let mut lag = Self::default();
        for element in consumer.committed_offsets(asked, ANSWER_TIME_MAX)?.elements() {
            let partition = element.partition();
            let Ok((low, high)) = consumer.fetch_watermarks(topic, partition, ANSWER_TIME_MAX) else { continue };
            let at = match element.offset() {
                Offset::Offset(at) => {
                    lag.has_read = true;
                    lag.lost += (low - at).max(0);
                    at.max(low)
                }
                _ => low,
            };
            lag.behind += high - at;
            if high > at {
                lag.oldest_ms = lag.oldest_ms.max(age_ms(consumer, topic, partition, at).unwrap_or(0));
            }
        }
        Ok(lag)
    }

    /// Whether events are lost, or soon will be.
    pub fn judge(&self, group: &str, retention_ms: Option<i64>) -> Finding {
        const CHECK: &str = "kafka consumers";
        let Self { behind, lost, oldest_ms, has_read } = self;
        let seen = format!("{group} is {behind} events behind, the first of them {} s old", oldest_ms / 1000);
        if *lost > 0 {
            let advice = "Kafka has deleted events before they were read: raise retention.ms, and send them again from their source";
            return Finding::fail(CHECK, format!("{seen}; {lost} are lost"), advice);
        }
        if !has_read && *behind > 0 {
            let seen = format!("{group} has never read; {behind} events wait");
            return Finding::warn(CHECK, seen, "start Vector, or name its group by --kafka-group");
        }
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let is_close = retention_ms.is_some_and(|ms| ms > 0 && *oldest_ms as f64 > ms as f64 * LAG_SHARE_MAX);
        if is_close {
            let advice = "consumers are slower than the retention allows: add Vector instances, and raise retention.ms until they have caught up";
            return Finding::fail(CHECK, seen, advice);
        }
        Finding::ok(CHECK, seen)
    }
}

fn age_ms(consumer: &BaseConsumer, topic: &str, partition: i32, offset: i64) -> Option<i64> {
    let mut at = TopicPartitionList::new();
    at.add_partition_offset(topic, partition, Offset::Offset(offset)).ok()?;
    consumer.assign(&at).ok()?;
    let message = consumer.poll(ANSWER_TIME_MAX)?.ok()?;
    Some(now_ms() - message.timestamp().to_millis()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::doctor::State;

    #[test]
    fn a_lag_is_a_fault_once_events_are_lost_or_close_to_it() {
        let lag = Lag { behind: 10, lost: 0, oldest_ms: 1_000, has_read: true };
        let state = |lag: &Lag, retention_ms| lag.judge("vector", retention_ms).state;
        assert_eq!(state(&lag, Some(10_000)), State::Ok);
        assert_eq!(state(&lag, Some(1_999)), State::Fail, "more than half of the retention");
        assert_eq!(state(&lag, Some(-1)), State::Ok, "kept for ever");
        assert_eq!(state(&Lag { has_read: false, ..lag }, None), State::Warn);
        let lost = Lag { behind: 0, lost: 3, oldest_ms: 0, has_read: true }.judge("vector", None);
        assert!(lost.state == State::Fail && lost.seen.contains("3 are lost"), "{lost:?}");
    }
}

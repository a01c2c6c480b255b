//! Letters as messages of Kafka. Value and key are the event and its visitor; all else stands in headers, whose first
//! four are those of `footfall-vector` (docs/vector.md). A letter without `footfall-project` holds a message of the
//! topic of events; the header cannot be set by who sends events.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::RDKafkaErrorCode,
    message::{BorrowedMessage, Header, Headers, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use uuid::Uuid;
use vector_components::timestamp;

use super::{DeadLetter, Selection};

const REASON: &str = "footfall-reason";
const FIELD: &str = "footfall-field";
const DETAIL: &str = "footfall-detail";
const ORIGIN: &str = "footfall-origin";
const PROJECT: &str = "footfall-project";
const ID: &str = "footfall-letter-id";
const RECEIVED_AT: &str = "footfall-received-at";
const BYTES: &str = "footfall-bytes";
const CONTEXT: &str = "footfall-context";

const DELIVERY_TIME_MAX: Duration = Duration::from_secs(20);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// Between two messages while there are more: a broker that is gone ends the reading.
const SILENCE_TIME_MAX: Duration = Duration::from_secs(30);
const PAGE_LETTERS: usize = 100;
/// For letters of Vector, which have no id: one of topic, partition and offset.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d1c_8a76_02b4_5f3b_8e21_9c54_7a60_d3f1);

/// The topic.
pub struct Topic {
    brokers: String,
    name: String,
    message_bytes_max: usize,
    /// Made with the first letter.
    producer: OnceLock<FutureProducer>,
}

/// Letters of a topic, page by page: of each partition in its order.
pub struct TopicPages {
    consumer: BaseConsumer,
    selection: Selection,
    /// Of each partition, where to end.
    ends: Vec<(i32, i64)>,
}

impl Topic {
    /// Of these brokers.
    #[must_use]
    pub fn new(brokers: &str, name: &str, message_bytes_max: usize) -> Self {
        Self { brokers: brokers.to_owned(), name: name.to_owned(), message_bytes_max, producer: OnceLock::new() }
    }

    /// Produces letters. One that is too large is produced without the event.
    pub(super) async fn write(&self, letters: &[DeadLetter]) -> anyhow::Result<()> {
        let producer = self.producer()?;
        let mut sent = Vec::with_capacity(letters.len());
        for letter in letters {
            sent.push((letter, self.send(producer, letter, &letter.body)));
        }
        for (letter, sent) in sent {
            let delivered = match sent {
                Ok(delivery) => delivery.await.context("the producer ended")?.map_err(|(error, _)| error),
                Err(error) => Err(error),
            };
            match delivered {
                Ok(_) => {}
                Err(error) if is_too_large(&error) => {
                    let again = self.send(producer, letter, b"")?;
                    again.await.context("the producer ended")?.map_err(|(error, _)| error)?;
                }
                Err(error) => return Err(error).with_context(|| format!("Kafka's topic {}", self.name)),
            }
        }
        Ok(())
    }

    /// The letters of a selection, as far as there are any now.
    ///
    /// # Errors
    /// If Kafka does not answer, or has no such topic.
    pub async fn read(self, selection: Selection) -> anyhow::Result<TopicPages> {
        tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = ClientConfig::new()
                .set("bootstrap.servers", &self.brokers)
                // Nothing is committed: reading letters changes nothing.
                .set("group.id", "footfall-dead-letters")
                .set("enable.auto.commit", "false")
                .create()?;
            let metadata =
                consumer.fetch_metadata(Some(&self.name), ANSWER_TIME_MAX).context("Kafka does not answer")?;
            let partitions: Vec<i32> = metadata.topics().iter().flat_map(|t| t.partitions()).map(|p| p.id()).collect();
            ensure!(!partitions.is_empty(), "Kafka has no topic {}: create it as provisioning/kafka says", self.name);
            let (mut ends, mut assigned) = (Vec::new(), TopicPartitionList::new());
            for partition in partitions {
                let (low, high) = consumer.fetch_watermarks(&self.name, partition, ANSWER_TIME_MAX)?;
                if low < high {
                    ends.push((partition, high));
                    assigned.add_partition_offset(&self.name, partition, Offset::Offset(low))?;
                }
            }
            consumer.assign(&assigned)?;
            Ok(TopicPages { consumer, selection, ends })
        })
        .await?
    }

    fn producer(&self) -> anyhow::Result<&FutureProducer> {
        if let Some(producer) = self.producer.get() {
            return Ok(producer);
        }
        let made = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "footfall-dead-letters")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "zstd")
            .set("batch.num.messages", "100")
            .set("message.max.bytes", self.message_bytes_max.to_string())
            .set("delivery.timeout.ms", DELIVERY_TIME_MAX.as_millis().to_string())
            .create()?;
        Ok(self.producer.get_or_init(|| made))
    }

    fn send(
        &self,
        producer: &FutureProducer,
        letter: &DeadLetter,
        body: &[u8],
    ) -> Result<rdkafka::producer::future_producer::DeliveryFuture, rdkafka::error::KafkaError> {
        let key = if letter.visitor == 0 { String::new() } else { letter.visitor.to_string() };
        let record = FutureRecord::to(&self.name).payload(body).headers(headers(letter));
        // As of Vector: kept for the topic's retention from now, whenever the event came.
        let record = if key.is_empty() { record } else { record.key(&key) };
        producer.send_result(record).map_err(|(error, _)| error)
    }
}

impl TopicPages {
    /// The next ones; none at the end.
    ///
    /// # Errors
    /// If Kafka falls silent.
    pub async fn next(self) -> anyhow::Result<(Self, Vec<DeadLetter>)> {
        tokio::task::spawn_blocking(move || {
            let mut pages = self;
            let mut letters = Vec::new();
            let mut heard = Instant::now();
            while !pages.ends.is_empty() && letters.len() < PAGE_LETTERS {
                match pages.consumer.poll(Duration::from_millis(200)) {
                    None => ensure!(heard.elapsed() < SILENCE_TIME_MAX, "Kafka does not send what the topic holds"),
                    Some(message) => {
                        heard = Instant::now();
                        let message = message?;
                        let letter = letter(&message);
                        let (partition, offset) = (message.partition(), message.offset());
                        // A later message is not there yet for this reading.
                        let is_within = pages.ends.iter().any(|(of, end)| *of == partition && offset < *end);
                        pages.ends.retain(|(of, end)| *of != partition || offset + 1 < *end);
                        if is_within && pages.selection.holds(&letter) {
                            letters.push(letter);
                        }
                    }
                }
            }
            Ok((pages, letters))
        })
        .await?
    }
}

fn headers(letter: &DeadLetter) -> OwnedHeaders {
    let context = serde_json::to_string(&letter.context).unwrap_or_default();
    let (id, bytes) = (letter.id.to_string(), letter.bytes.to_string());
    let received_at = timestamp::to_rfc3339(letter.received_at_ms);
    let all = [
        (REASON, &letter.reason),
        (FIELD, &letter.field),
        (DETAIL, &letter.detail),
        (ORIGIN, &letter.origin),
        (PROJECT, &letter.project),
        (ID, &id),
        (RECEIVED_AT, &received_at),
        (BYTES, &bytes),
        (CONTEXT, &context),
    ];
    let is_there = |(name, value): &&(&str, &String)| !(value.is_empty() && *name == PROJECT);
    all.iter().filter(is_there).fold(OwnedHeaders::new_with_capacity(all.len()), |headers, (name, value)| {
        headers.insert(Header { key: name, value: Some(value.as_str()) })
    })
}

fn letter(message: &BorrowedMessage<'_>) -> DeadLetter {
    let text = |name: &str| -> String {
        let value = message.headers().and_then(|headers| headers.iter().find(|header| header.key == name)?.value);
        value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    };
    let origin = format!("{}/{}/{}", message.topic(), message.partition(), message.offset());
    let body = message.payload().unwrap_or_default().to_vec();
    DeadLetter {
        id: text(ID).parse().unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, origin.as_bytes())),
        received_at_ms: timestamp::parse_text_ms(&text(RECEIVED_AT))
            .or(message.timestamp().to_millis())
            .unwrap_or_default(),
        project: text(PROJECT),
        reason: text(REASON),
        field: text(FIELD),
        detail: text(DETAIL),
        origin: text(ORIGIN),
        visitor: message.key().and_then(|key| std::str::from_utf8(key).ok()?.parse().ok()).unwrap_or_default(),
        bytes: text(BYTES).parse().unwrap_or(body.len() as u64),
        context: serde_json::from_str(&text(CONTEXT)).unwrap_or_default(),
        body,
    }
}

fn is_too_large(error: &rdkafka::error::KafkaError) -> bool {
    let too_large = [RDKafkaErrorCode::MessageSizeTooLarge, RDKafkaErrorCode::InvalidMessageSize];
    error.rdkafka_error_code().is_some_and(|code| too_large.contains(&code))
}

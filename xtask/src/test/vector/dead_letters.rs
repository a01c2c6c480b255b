//! Invalid messages end up unchanged in the dead letter topic, with the reason; and a corrected one arrives
//! when replayed.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rdkafka::{
    ClientConfig, Message,
    consumer::{BaseConsumer, Consumer},
    message::{Headers, OwnedMessage},
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::{Ground, number};
use crate::vector::Vector;

const TOPIC: &str = "analytics";
const LETTERS: &str = "analytics.dead-letter";
const TIME_MAX: Duration = Duration::from_secs(60);
const GOOD: &str = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"letters","type":"a","timestamp":"2024-04-17T04:04:12.000Z","received_at":"2024-04-17T04:04:13.000Z"}"#;
const NEWER: &str = r#"{"v":2,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"letters","type":"a","timestamp":"2024-04-17T04:04:12.000Z","received_at":"2024-04-17T04:04:13.000Z"}"#;

/// Key, value and reason.
const BAD: [(&str, &[u8], &str); 5] = [
    ("7", b"{\"v\":1", "not_an_event"),
    ("7", b"\xff\xfe no text", "not_an_event"),
    ("7", NEWER.as_bytes(), "newer_version"),
    ("", GOOD.as_bytes(), "no_visitor"),
    ("x", GOOD.as_bytes(), "no_visitor"),
];

pub async fn run(ground: &Ground<'_>) -> anyhow::Result<String> {
    let place = ground.place("letters")?;
    let mut vector = Vector::start(ground.program, &place.folder, "footfall.yaml")?;
    let address = ground.broker.address.clone();
    let letters = tokio::task::spawn_blocking(move || {
        produce(&address, BAD.map(|(key, value, _)| (key, value)))?;
        read(&address)
    })
    .await??;
    vector.check()?;
    for (key, value, reason) in BAD {
        let found = letters.iter().any(|letter| {
            letter.payload() == Some(value)
                && letter.key().unwrap_or_default() == key.as_bytes()
                && header(letter, "footfall-reason").as_deref() == Some(reason)
                && header(letter, "footfall-origin").is_some_and(|origin| origin.starts_with("analytics/"))
        });
        let texts = letters.iter().map(|letter| (letter.key(), header(letter, "footfall-reason")));
        ensure!(found, "no dead letter {key:?} {reason} among {:?}", texts.collect::<Vec<_>>());
    }
    let stored = "SELECT count() FROM analytics.events WHERE project = 'letters'";
    ensure!(number(&ground.clickhouse, stored).await? == 0, "a dead letter is stored");
    // Corrected (here: with a key), it is a valid event.
    let address = ground.broker.address.clone();
    tokio::task::spawn_blocking(move || produce(&address, [("7", GOOD.as_bytes())])).await??;
    let started = Instant::now();
    while number(&ground.clickhouse, stored).await? != 1 {
        ensure!(started.elapsed() < TIME_MAX, "a replayed dead letter did not arrive");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    vector.stop()?;
    Ok(format!("{} dead letters with bytes, key, reason and origin; a corrected one arrived when replayed", BAD.len()))
}

fn produce<'m>(brokers: &str, messages: impl IntoIterator<Item = (&'m str, &'m [u8])>) -> anyhow::Result<()> {
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    for (key, value) in messages {
        let record = BaseRecord::to(TOPIC).payload(value);
        let record = if key.is_empty() { record } else { record.key(key) };
        producer.send(record).map_err(|(error, _)| error)?;
    }
    producer.flush(TIME_MAX)?;
    Ok(())
}

fn read(brokers: &str) -> anyhow::Result<Vec<OwnedMessage>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "dead-letters")
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[LETTERS])?;
    let started = Instant::now();
    let mut letters = Vec::new();
    while letters.len() < BAD.len() {
        ensure!(started.elapsed() < TIME_MAX, "{} of {} dead letters arrived: {letters:?}", letters.len(), BAD.len());
        if let Some(letter) = consumer.poll(Duration::from_millis(200)) {
            letters.push(letter?.detach());
        }
    }
    Ok(letters)
}

fn header(letter: &OwnedMessage, name: &str) -> Option<String> {
    let value = letter.headers()?.iter().find(|header| header.key == name)?.value?;
    String::from_utf8(value.to_owned()).context("a header").ok()
}

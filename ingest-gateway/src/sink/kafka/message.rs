//! A message of the topic, and how the journal keeps it while Kafka is away.

use super::super::{Identified, NotDurable};

/// What Kafka adds to key and value of a message that is alone in its batch, generously.
const OVERHEAD_BYTES: usize = 512;
const KEY_BYTES_MAX: usize = 20;
/// Key, timestamp and the value's length, before the value.
const HEAD_BYTES: usize = 20;

/// A message, which borrows its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The visitor: messages of one stay in order.
    pub visitor: u64,
    /// Kafka deletes by this time: that of arrival, or a backfill would be gone unread.
    pub received_at_ms: i64,
    /// The event as JSON.
    pub value: &'a [u8],
}

impl<'a> Message<'a> {
    /// Of an event, whose JSON is written into `value`.
    pub fn encode(identified: &Identified<'_>, value: &'a mut Vec<u8>) -> Result<Self, NotDurable> {
        value.clear();
        serde_json::to_writer(&mut *value, &identified.event).map_err(|e| NotDurable::Encoding(e.to_string()))?;
        Ok(Self { visitor: identified.visitor, received_at_ms: identified.event.received_at_ms, value })
    }

    /// What Kafka makes of it, in bytes.
    pub fn bytes(&self) -> usize {
        KEY_BYTES_MAX + self.value.len() + OVERHEAD_BYTES
    }

    /// Appends it to a record of the journal.
    pub fn write(&self, record: &mut Vec<u8>) {
        record.extend_from_slice(&self.visitor.to_le_bytes());
        record.extend_from_slice(&self.received_at_ms.to_le_bytes());
        // A message is limited to far less.
        record.extend_from_slice(&u32::try_from(self.value.len()).unwrap_or(u32::MAX).to_le_bytes());
        record.extend_from_slice(self.value);
    }

    /// The messages of a record; ends early where it is cut off, which the journal's checksums exclude.
    pub fn read(mut record: &'a [u8]) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            let (head, rest) = record.split_first_chunk::<HEAD_BYTES>()?;
            let (visitor, head) = head.split_first_chunk()?;
            let (received_at_ms, length) = head.split_first_chunk()?;
            let length = u32::from_le_bytes(length.try_into().ok()?);
            let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            record = rest;
            let (visitor, received_at_ms) = (u64::from_le_bytes(*visitor), i64::from_le_bytes(*received_at_ms));
            Some(Self { visitor, received_at_ms, value })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_its_messages() {
        let messages = [
            Message { visitor: u64::MAX, received_at_ms: -1, value: b"{}" },
            Message { visitor: 0, received_at_ms: i64::MAX, value: b"" },
            Message { visitor: 7, received_at_ms: 8, value: &[b'x'; 300] },
        ];
        let mut record = Vec::new();
        messages.iter().for_each(|message| message.write(&mut record));
        assert_eq!(Message::read(&record).collect::<Vec<_>>(), messages);
        record.pop();
        assert_eq!(Message::read(&record).count(), 2);
    }
}

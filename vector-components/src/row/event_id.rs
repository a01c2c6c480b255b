//! The id of an event in the table.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use uuid::Uuid;

/// An event's id as it is stored: 48 bits of ClickHouse's `sipHash64` of the UUID's text,
/// `bitShiftRight(sipHash64(toString(uuid)), 16)`. Project, visitor and instant are part of
/// the key as well, so it has to tell apart what one visitor did in one millisecond.
#[must_use]
pub fn stored_event_id(id: &Uuid) -> u64 {
    let mut hasher = SipHasher24::new();
    hasher.write(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    hasher.finish() >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hashed_as_clickhouse_does() {
        // SELECT bitShiftRight(sipHash64('7c1e5f0a-9d0b-5c1f-8a54-2f0e66b1d3a7'), 16)
        assert_eq!(stored_event_id(&Uuid::from_u128(0x7c1e_5f0a_9d0b_5c1f_8a54_2f0e_66b1_d3a7)), 201_227_038_960_072);
    }
}

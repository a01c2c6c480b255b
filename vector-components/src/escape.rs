//! Finds the bytes that must be escaped in a JSON string, eight at a time.

/// Whether any byte must be escaped. Most strings are short and have none.
#[inline]
pub fn has_special(bytes: &[u8]) -> bool {
    let (eights, rest) = bytes.as_chunks::<8>();
    if eights.is_empty() {
        return rest.iter().any(|byte| is_special(*byte));
    }
    let any = eights.iter().fold(0, |any, eight| any | special(*eight));
    // The last eight overlap the ones before.
    any | bytes.last_chunk::<8>().map_or(0, |last| special(*last)) != 0
}

/// Whether a byte is below 0x20, a quote or a backslash.
#[inline]
pub fn is_special(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\')
}

/// Not zero if one of the eight is special; the lowest bit that is set is of the first such byte.
#[inline]
pub fn special(eight: [u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(eight);
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, 0x20) | is(b'"') | is(b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_wherever_it_stands() {
        for length in 0..20 {
            assert!(!has_special(&vec![0xff; length]) && !has_special(&vec![b' '; length]));
            for (at, byte) in (0..length).flat_map(|at| (0..=255_u8).map(move |byte| (at, byte))) {
                let mut bytes = vec![b'x'; length];
                bytes[at] = byte;
                let expected = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(has_special(&bytes), expected, "{byte:#x} at {at} of {length}");
            }
        }
    }
}

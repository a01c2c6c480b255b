//! How a value stands in a row's JSON, and when it is empty. Written by hand: serde's way costs
//! half of a row's time. It is what serde writes, which the tests compare.

use super::UrlRest;
use crate::{details::Details, timestamp::Written};

/// A value of one column.
pub trait ColumnValue {
    /// Whether it is what ClickHouse takes for an absent column.
    fn is_empty(&self) -> bool;

    /// Appends it as JSON.
    fn write_json(&self, out: &mut Vec<u8>);
}

impl ColumnValue for &str {
    fn is_empty(&self) -> bool {
        str::is_empty(self)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        escaped(out, self);
        out.push(b'"');
    }
}

impl ColumnValue for Written {
    fn is_empty(&self) -> bool {
        false
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.as_str().as_bytes());
        out.push(b'"');
    }
}

impl ColumnValue for UrlRest<'_> {
    fn is_empty(&self) -> bool {
        self.mark.is_empty()
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.mark.as_bytes());
        escaped(out, self.rest);
        out.push(b'"');
    }
}

impl ColumnValue for &[&'static str] {
    fn is_empty(&self) -> bool {
        <[_]>::is_empty(self)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, text) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            text.write_json(out);
        }
        out.push(b']');
    }
}

impl ColumnValue for &Details<'_> {
    fn is_empty(&self) -> bool {
        Details::is_empty(self)
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            name.write_json(out);
            out.push(b':');
            value.write_json(out);
        }
        out.push(b'}');
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl ColumnValue for $type {
            fn is_empty(&self) -> bool {
                *self == 0
            }

            fn write_json(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            }
        })*
    };
}

/// As serde writes them: what is not finite is `null`.
macro_rules! fractions {
    ($($type:ty),*) => {
        $(impl ColumnValue for $type {
            fn is_empty(&self) -> bool {
                *self == 0.0
            }

            fn write_json(&self, out: &mut Vec<u8>) {
                // Numbers can always be written, and so can a vector.
                let _ = serde_json::to_writer(out, self);
            }
        })*
    };
}

integers!(u8, u16, u32, u64, i32);
fractions!(f32, f64);

/// The inside of a JSON string.
fn escaped(out: &mut Vec<u8>, text: &str) {
    if !has_special(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(byte),
        }
    }
}

/// Whether there is a byte that has to be escaped. Eight at a time: strings are short, and most
/// have none.
fn has_special(bytes: &[u8]) -> bool {
    let (eights, rest) = bytes.as_chunks::<8>();
    if eights.is_empty() {
        return rest.iter().any(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'));
    }
    let any = eights.iter().fold(0, |any, eight| any | special(*eight));
    // The last eight, of which some were looked at already.
    any | bytes.last_chunk::<8>().map_or(0, |last| special(*last)) != 0
}

/// Not zero if one of the eight is below 0x20, a quote or a backslash.
fn special(eight: [u8; 8]) -> u64 {
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

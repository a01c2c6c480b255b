//! How a column's value is written as JSON, and when it is empty. Hand-written, since serde_json doubled
//! the time per row; the tests compare the two.

use super::UrlRest;
use crate::{details::Details, escape, timestamp::Written};

/// A value of one column.
pub trait ColumnValue {
    /// Whether it equals ClickHouse's default for an absent column.
    fn is_empty(&self) -> bool;

    /// Appends it as JSON.
    fn write_json(&self, out: &mut Vec<u8>);
}

impl ColumnValue for &str {
    #[inline]
    fn is_empty(&self) -> bool {
        str::is_empty(self)
    }

    #[inline]
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        escaped(out, self);
        out.push(b'"');
    }
}

impl ColumnValue for Written {
    #[inline]
    fn is_empty(&self) -> bool {
        false
    }

    #[inline]
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.as_str().as_bytes());
        out.push(b'"');
    }
}

impl ColumnValue for UrlRest<'_> {
    #[inline]
    fn is_empty(&self) -> bool {
        self.mark.is_empty()
    }

    #[inline]
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.mark.as_bytes());
        escaped(out, self.rest);
        out.push(b'"');
    }
}

impl ColumnValue for &[&'static str] {
    #[inline]
    fn is_empty(&self) -> bool {
        <[_]>::is_empty(self)
    }

    #[inline]
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
    #[inline]
    fn is_empty(&self) -> bool {
        Details::is_empty(self)
    }

    #[inline]
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
            #[inline]
            fn is_empty(&self) -> bool {
                *self == 0
            }

            #[inline]
            fn write_json(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            }
        })*
    };
}

/// As serde_json writes them: `null` if not finite.
macro_rules! fractions {
    ($($type:ty),*) => {
        $(impl ColumnValue for $type {
            #[inline]
            fn is_empty(&self) -> bool {
                *self == 0.0
            }

            #[inline]
            fn write_json(&self, out: &mut Vec<u8>) {
                // Neither a number nor a vector can fail.
                let _ = serde_json::to_writer(out, self);
            }
        })*
    };
}

integers!(u8, u16, u32, u64, i32);
fractions!(f32, f64);

/// The inside of a JSON string.
fn escaped(out: &mut Vec<u8>, text: &str) {
    if !escape::has_special(text.as_bytes()) {
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

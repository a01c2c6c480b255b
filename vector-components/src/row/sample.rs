//! Rows of arbitrary values, for tests.

use super::UrlRest;
use crate::{details::Details, timestamp::Written};

/// The values to pick from, in turn; without any, all are empty.
pub struct Values<'a> {
    texts: &'a [String],
    numbers: &'a [u64],
    taken: usize,
}

impl<'a> Values<'a> {
    pub fn new(texts: &'a [String], numbers: &'a [u64]) -> Self {
        Self { texts, numbers, taken: 0 }
    }

    fn number(&mut self) -> u64 {
        self.taken += 1;
        if self.numbers.is_empty() { 0 } else { self.numbers[self.taken % self.numbers.len()] }
    }

    /// About half are empty, so that every column is sometimes omitted.
    fn text(&mut self) -> &'a str {
        let number = self.number();
        if self.texts.is_empty() || number & 1 == 1 { "" } else { &self.texts[number as usize % self.texts.len()] }
    }
}

/// A value of a column's type.
pub trait Sample<'a> {
    fn sample(values: &mut Values<'a>) -> Self;
}

impl<'a> Sample<'a> for &'a str {
    fn sample(values: &mut Values<'a>) -> Self {
        values.text()
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl Sample<'_> for $type {
            fn sample(values: &mut Values<'_>) -> Self {
                values.number() as $type
            }
        })*
    };
}

integers!(u8, u16, u32, u64, i32);

impl Sample<'_> for f32 {
    fn sample(values: &mut Values<'_>) -> Self {
        f32::from_bits(values.number() as u32)
    }
}

impl Sample<'_> for f64 {
    fn sample(values: &mut Values<'_>) -> Self {
        f64::from_bits(values.number())
    }
}

impl Sample<'_> for Written {
    fn sample(values: &mut Values<'_>) -> Self {
        crate::timestamp::to_clickhouse((values.number() >> 22) as i64)
    }
}

impl<'a> Sample<'a> for UrlRest<'a> {
    fn sample(values: &mut Values<'a>) -> Self {
        super::url_rest(values.text(), "a.example", "/x")
    }
}

impl Sample<'_> for &[&'static str] {
    fn sample(values: &mut Values<'_>) -> Self {
        &["a", "b\n"][..values.number() as usize % 3]
    }
}

impl<'a> Sample<'a> for &'a Details<'a> {
    fn sample(values: &mut Values<'a>) -> Self {
        let count = values.number() % 4;
        // Leaked: only tests do this.
        Box::leak(Box::new((0..count).map(|_| (values.text().into(), values.text().into())).collect()))
    }
}

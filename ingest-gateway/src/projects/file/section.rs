//! A table of the file, read field by field: each by its type and within its limits. What was not asked for when it
//! is finished is a field that does not exist.

use std::ops::RangeInclusive;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use vector_components::rejection::shown;

use super::{
    problem::Problems,
    value::{kind, seen, text},
};

/// A name further from every known one than this many changes is not meant for one of them.
const CHANGES_MAX: usize = 3;

/// A value with the place where it stands.
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) at: usize,
}

/// A table whose fields are taken one by one.
pub(super) struct Section<'i> {
    /// Its place in the file, in dotted form.
    pub(super) field: String,
    pub(super) at: usize,
    table: DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'i> Section<'i> {
    pub(super) fn new(field: impl Into<String>, at: usize, table: DeTable<'i>) -> Self {
        Self { field: field.into(), at, table, known: Vec::new() }
    }

    /// A value that has to be a table.
    pub(super) fn of_value(
        field: impl Into<String>,
        at: usize,
        value: Spanned<DeValue<'i>>,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        match value.into_inner() {
            DeValue::Table(table) => Some(Self::new(field, at, table)),
            other => {
                problems.add(at, field, format!("must be a table, not {}", kind(&other)));
                None
            }
        }
    }

    /// The dotted name of a field.
    pub(super) fn name(&self, field: &str) -> String {
        if self.field.is_empty() { field.to_owned() } else { format!("{}.{field}", self.field) }
    }

    /// Every field that is left, whatever its name.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = (Found<String>, Spanned<DeValue<'i>>)> + use<'i> {
        std::mem::take(&mut self.table).into_iter().map(|(name, value)| {
            let at = name.span().start;
            (Found { value: name.into_inner().into_owned(), at }, value)
        })
    }

    /// A table in it.
    pub(super) fn section(&mut self, field: &'static str, problems: &mut Problems<'_>) -> Option<Section<'i>> {
        self.known.push(field);
        let value = self.table.remove(field)?;
        Section::of_value(self.name(field), value.span().start, value, problems)
    }

    pub(super) fn boolean(&mut self, field: &'static str, problems: &mut Problems<'_>) -> Option<bool> {
        self.typed(field, "true or false", problems, |value| match value {
            DeValue::Boolean(value) => Some(value),
            _ => None,
        })
        .map(|found| found.value)
    }

    /// A text of so many bytes.
    pub(super) fn text(
        &mut self,
        field: &'static str,
        bytes: RangeInclusive<usize>,
        problems: &mut Problems<'_>,
    ) -> Option<Found<String>> {
        let found = self.typed(field, "a string", problems, text)?;
        self.of_length(field, found, bytes, problems)
    }

    /// As [`Section::text`], of a text that is shown nowhere.
    pub(super) fn secret(
        &mut self,
        field: &'static str,
        bytes: RangeInclusive<usize>,
        problems: &mut Problems<'_>,
    ) -> Option<Found<String>> {
        let (at, value) = self.take(field)?;
        let Some(value) = text(value) else {
            problems.add(at, self.name(field), "must be a string");
            return None;
        };
        self.of_length(field, Found { value, at }, bytes, problems)
    }

    /// A whole number.
    pub(super) fn count(
        &mut self,
        field: &'static str,
        range: RangeInclusive<u64>,
        problems: &mut Problems<'_>,
    ) -> Option<Found<u64>> {
        let found = self.typed(field, "a whole number", problems, |value| match value {
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        })?;
        let count = u64::try_from(found.value).ok().filter(|count| range.contains(count));
        if count.is_none() {
            let (least, most) = range.into_inner();
            let message = format!("is {}, but must be from {least} to {most}", found.value);
            problems.add(found.at, self.name(field), message);
        }
        count.map(|value| Found { value, at: found.at })
    }

    /// One of a list of words.
    pub(super) fn word<T: Copy>(
        &mut self,
        field: &'static str,
        words: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let found = self.typed(field, "a string", problems, text)?;
        let word = words.iter().find(|(word, _)| *word == found.value);
        if word.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let message = format!("is {}, but must be {}", shown(&found.value), known.join(" or "));
            problems.add(found.at, self.name(field), message);
        }
        word.map(|(_, meaning)| *meaning)
    }

    /// A list of at most so many texts.
    pub(super) fn texts(
        &mut self,
        field: &'static str,
        count_max: usize,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Found<String>>> {
        let list = self.list(field, "a list of strings", count_max, problems)?;
        let mut texts = Vec::with_capacity(list.len());
        for value in list {
            let at = value.span().start;
            let (kind, seen) = (kind(value.get_ref()), seen(value.get_ref()));
            match text(value.into_inner()) {
                Some(value) => texts.push(Found { value, at }),
                None => problems.add(at, self.name(field), format!("must hold strings, not {kind}: {seen}")),
            }
        }
        Some(texts)
    }

    /// A list of at most so many tables, which the file writes as `[[…]]`.
    pub(super) fn sections(
        &mut self,
        field: &'static str,
        count_max: usize,
        problems: &mut Problems<'_>,
    ) -> Vec<Section<'i>> {
        let list = self.list(field, "a list of tables", count_max, problems).unwrap_or_default();
        let mut sections = Vec::with_capacity(list.len());
        for (number, value) in list.into_iter().enumerate() {
            let (at, name) = (value.span().start, self.name(field));
            match value.into_inner() {
                DeValue::Table(table) => sections.push(Section::new(format!("{name}[{number}]"), at, table)),
                other => problems.add(at, name, format!("must hold tables, not {}", kind(&other))),
            }
        }
        sections
    }

    /// What nobody asked for is told, with the known name that is nearest.
    pub(super) fn finish(mut self, problems: &mut Problems<'_>) {
        for (found, _) in self.rest() {
            let near = self.known.iter().map(|known| (strsim::damerau_levenshtein(known, &found.value), *known)).min();
            let advice = match near {
                Some((changes, known)) if changes <= CHANGES_MAX => format!("do you mean {known}?"),
                _ => format!("there are {}", self.known.join(", ")),
            };
            problems.add(found.at, self.name(&shown(&found.value)), format!("is no known field: {advice}"));
        }
    }

    fn list(
        &mut self,
        field: &'static str,
        expected: &str,
        count_max: usize,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Spanned<DeValue<'i>>>> {
        let (at, value) = self.take(field)?;
        let DeValue::Array(list) = value else {
            problems.add(at, self.name(field), format!("must be {expected}, not {}", kind(&value)));
            return None;
        };
        if list.len() > count_max {
            problems.add(at, self.name(field), format!("holds {}, at most {count_max} are allowed", list.len()));
            return None;
        }
        Some(list.into_iter().collect())
    }

    fn typed<T>(
        &mut self,
        field: &'static str,
        expected: &str,
        problems: &mut Problems<'_>,
        read: impl FnOnce(DeValue<'i>) -> Option<T>,
    ) -> Option<Found<T>> {
        let (at, value) = self.take(field)?;
        let (kind, seen) = (kind(&value), seen(&value));
        let read = read(value);
        if read.is_none() {
            problems.add(at, self.name(field), format!("must be {expected}, not {kind}: {seen}"));
        }
        read.map(|value| Found { value, at })
    }

    fn of_length(
        &self,
        field: &str,
        found: Found<String>,
        bytes: RangeInclusive<usize>,
        problems: &mut Problems<'_>,
    ) -> Option<Found<String>> {
        if bytes.contains(&found.value.len()) {
            return Some(found);
        }
        let (least, most) = bytes.into_inner();
        let message = format!("has {} bytes, but must have {least} to {most}", found.value.len());
        problems.add(found.at, self.name(field), message);
        None
    }

    fn take(&mut self, field: &'static str) -> Option<(usize, DeValue<'i>)> {
        self.known.push(field);
        let value = self.table.remove(field)?;
        Some((value.span().start, value.into_inner()))
    }
}

//! How a rule makes a value: of a group of its expression, or of a replacement with groups in it.

use std::borrow::Cow;

use regex_automata::util::primitives::NonMaxUsize;

/// Groups of an expression that values come from: `$1` to `$9`.
pub const GROUPS_MAX: usize = 10;

/// Where the groups of a match begin and end.
pub type Slots = [Option<NonMaxUsize>; GROUPS_MAX * 2];

/// How a value is made.
pub enum Template {
    /// Of a group; none if the expression has not so many.
    Group(usize),
    /// As it is.
    Text(String),
    /// A text with groups in it.
    Parts(Vec<Part>),
    Nothing,
}

pub enum Part {
    Text(String),
    Group(usize),
}

impl Template {
    /// A replacement if there is one, else the group of this number.
    pub fn new(replacement: Option<String>, number: usize) -> Self {
        let Some(text) = replacement.filter(|text| !text.trim().is_empty()) else { return Self::Group(number) };
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            let digit = rest[at + 1..].chars().next().and_then(|c| c.to_digit(10)).filter(|digit| *digit > 0);
            let end = at + 1 + usize::from(digit.is_some());
            parts.push(Part::Text(rest[..if digit.is_some() { at } else { end }].to_owned()));
            parts.extend(digit.map(|digit| Part::Group(digit as usize)));
            rest = &rest[end..];
        }
        if parts.iter().any(|part| matches!(part, Part::Group(_))) {
            parts.push(Part::Text(rest.to_owned()));
            return Self::Parts(parts);
        }
        Self::Text(text)
    }

    /// As [`Template::new`], but without a group to fall back to.
    pub fn or_nothing(replacement: Option<String>) -> Self {
        match Self::new(replacement, 0) {
            Self::Group(_) => Self::Nothing,
            template => template,
        }
    }

    pub fn fill<'a>(&'a self, header: &'a str, slots: &[Option<NonMaxUsize>]) -> Cow<'a, str> {
        match self {
            Self::Nothing => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Group(number) => Cow::Borrowed(group(header, slots, *number)),
            Self::Parts(parts) => {
                let mut out = String::new();
                for part in parts {
                    out.push_str(match part {
                        Part::Text(text) => text,
                        Part::Group(number) => group(header, slots, *number),
                    });
                }
                Cow::Owned(if out.trim().len() < out.len() { out.trim().to_owned() } else { out })
            }
        }
    }
}

fn group<'h>(header: &'h str, slots: &[Option<NonMaxUsize>], group: usize) -> &'h str {
    let at = |slot: usize| slots.get(slot).copied().flatten().map(NonMaxUsize::get);
    at(group * 2).zip(at(group * 2 + 1)).and_then(|(start, end)| header.get(start..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_templates() {
        let header = "Acme 7";
        let slots = |ends: &[(usize, usize)]| {
            let mut slots: Slots = Default::default();
            for (at, (start, end)) in ends.iter().enumerate() {
                slots[at * 2] = NonMaxUsize::new(*start);
                slots[at * 2 + 1] = NonMaxUsize::new(*end);
            }
            slots
        };
        let slots = slots(&[(0, 6), (0, 4), (5, 6)]);
        for (replacement, number, expected) in [
            (None, 2, "7"),
            (None, 3, ""),
            (Some(""), 1, "Acme"),
            (Some("Other"), 1, "Other"),
            (Some("$1 for $2$3"), 1, "Acme for 7"),
            (Some(" $2 "), 1, "7"),
            (Some("US$ 5"), 1, "US$ 5"),
        ] {
            assert_eq!(Template::new(replacement.map(Into::into), number).fill(header, &slots), expected);
        }
    }
}

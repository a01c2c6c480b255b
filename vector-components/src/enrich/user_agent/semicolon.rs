//! What may follow a semicolon. Half of uap-core's device rules start with `; {0,2}` and the start of a
//! model name; the first two characters rule most of them out.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Characters of ASCII.
pub type Characters = u128;

/// The two characters that must follow a semicolon and spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    first: Characters,
    second: Characters,
}

/// Pairs kept per header; most have two.
const PAIRS_MAX: usize = 8;

/// The pairs of characters that follow a header's semicolons, with the spaces included.
pub struct Followers {
    pairs: [(u8, u8); PAIRS_MAX],
    count: usize,
}

impl Followers {
    /// Those of a header.
    pub fn of(header: &str) -> Self {
        let mut found = Self { pairs: [(0, 0); PAIRS_MAX], count: 0 };
        let bytes = header.as_bytes();
        for semicolon in memchr::memchr_iter(b';', bytes) {
            let behind = &bytes[semicolon + 1..];
            let spaces = behind.iter().take_while(|byte| **byte == b' ').count();
            for at in 0..=spaces {
                let Some(first) = behind.get(at) else { break };
                // Past the end: NUL, which no expression needs.
                let second = behind.get(at + 1).copied().unwrap_or_default();
                if let Some(pair) = found.pairs.get_mut(found.count) {
                    *pair = (*first, second);
                }
                found.count += 1;
            }
        }
        found
    }

    /// Whether there is such a pair, or there are too many pairs to tell.
    pub fn have(&self, needed: Pair) -> bool {
        let Some(pairs) = self.pairs.get(..self.count) else { return true };
        pairs
            .iter()
            .any(|(first, second)| character(*first) & needed.first != 0 && (character(*second) & needed.second != 0))
    }
}

/// The pair that has to follow a semicolon for an expression to match a header of ASCII. `None` if it does
/// not begin with a semicolon.
pub fn needed(expression: &Hir) -> Option<Pair> {
    let parts = match expression.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(expression),
    };
    let (first, rest) = parts.split_first()?;
    let HirKind::Literal(literal) = first.kind() else { return None };
    let behind = literal.0.strip_prefix(b";")?;
    let spaces = behind.iter().take_while(|byte| **byte == b' ').count();
    let beginning = match &behind[spaces..] {
        [] => one_after_another(rest.iter().skip_while(|part| is_space(part))),
        literal => Beginning::of_literal(literal).then(one_after_another(rest.iter())),
    };
    beginning.pair()
}

/// The characters that a match of an expression begins with; `None` if it can be empty.
pub fn firsts_of(expression: &Hir) -> Option<Characters> {
    let beginning = beginning(expression);
    (!beginning.can_be_empty).then_some(beginning.first)
}

fn character(byte: u8) -> Characters {
    if byte.is_ascii() { 1 << byte } else { 0 }
}

fn is_space(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Literal(literal) => literal.0.iter().all(|byte| *byte == b' '),
        HirKind::Repetition(repetition) => is_space(&repetition.sub),
        HirKind::Capture(capture) => is_space(&capture.sub),
        _ => false,
    }
}

/// How matches of a part can begin (a superset).
#[derive(Clone, Copy)]
struct Beginning {
    first: Characters,
    second: Characters,
    can_be_empty: bool,
    can_be_one: bool,
}

impl Beginning {
    const EMPTY: Self = Self { first: 0, second: 0, can_be_empty: true, can_be_one: false };
    const NEVER: Self = Self { first: 0, second: 0, can_be_empty: false, can_be_one: false };

    fn of_character(first: Characters) -> Self {
        Self { first, can_be_one: true, ..Self::NEVER }
    }

    fn of_literal(bytes: &[u8]) -> Self {
        bytes.iter().fold(Self::EMPTY, |before, byte| before.then(Self::of_character(character(*byte))))
    }

    /// Followed by another.
    fn then(self, next: Self) -> Self {
        let first_if = |is: bool| if is { next.first } else { 0 };
        Self {
            first: self.first | first_if(self.can_be_empty),
            second: self.second | first_if(self.can_be_one) | if self.can_be_empty { next.second } else { 0 },
            can_be_empty: self.can_be_empty && next.can_be_empty,
            can_be_one: self.can_be_one && next.can_be_empty || self.can_be_empty && next.can_be_one,
        }
    }

    /// One or the other.
    fn or(self, other: Self) -> Self {
        Self {
            first: self.first | other.first,
            second: self.second | other.second,
            can_be_empty: self.can_be_empty || other.can_be_empty,
            can_be_one: self.can_be_one || other.can_be_one,
        }
    }

    fn pair(self) -> Option<Pair> {
        // After a match of one character anything may follow.
        let second = if self.can_be_one { Characters::MAX } else { self.second };
        (!self.can_be_empty).then_some(Pair { first: self.first, second })
    }
}

fn beginning(part: &Hir) -> Beginning {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Beginning::EMPTY,
        HirKind::Literal(literal) => Beginning::of_literal(&literal.0),
        HirKind::Class(class) => Beginning::of_character(of_class(class)),
        HirKind::Repetition(repetition) => {
            let one = beginning(&repetition.sub);
            // A third repetition cannot reach the first two characters.
            let needed = (0..repetition.min.min(2)).fold(Beginning::EMPTY, |before, _| before.then(one));
            let more = repetition.max.map_or(2, |max_count| max_count.saturating_sub(repetition.min).min(2));
            (0..more).fold(needed, |before, _| before.then(one.or(Beginning::EMPTY)))
        }
        HirKind::Capture(capture) => beginning(&capture.sub),
        HirKind::Concat(parts) => one_after_another(parts.iter()),
        HirKind::Alternation(parts) => parts.iter().map(beginning).fold(Beginning::NEVER, Beginning::or),
    }
}

fn one_after_another<'h>(parts: impl Iterator<Item = &'h Hir>) -> Beginning {
    parts.map(beginning).fold(Beginning::EMPTY, Beginning::then)
}

fn of_class(class: &Class) -> Characters {
    let ascii = (0..=0x7f_u8).filter(|byte| match class {
        Class::Unicode(class) => class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&char::from(*byte))),
        Class::Bytes(class) => class.ranges().iter().any(|r| (r.start()..=r.end()).contains(byte)),
    });
    ascii.fold(0, |all, byte| all | character(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_expressions_and_headers() {
        let of = |text: &str| text.bytes().fold(0, |all, byte| all | character(byte));
        for (expression, expected) in [
            ("; {0,2}(SM-[A-Z]+) Build", Some(("S", "M"))),
            ("; *(?:LG-|[KL]C)x?", Some(("LK", "GC"))),
            ("(?i); ?(mo)", Some(("mM", "oO"))),
            ("; {0,2}x?(Pixel)", Some(("xP", "Pi"))),
            (";  ?Acme", Some(("A", "c"))),
            ("; {0,2}[AB]{2,4}7", Some(("AB", "AB"))),
            ("; {0,2}[AB]{1,4}7", Some(("AB", "AB7"))),
            ("; {0,2}[^a]?", None),
            ("; {0,2}", None),
            ("Android.*; (x)", None),
            ("(; x)", None),
        ] {
            let expected = expected.map(|(first, second)| Pair { first: of(first), second: of(second) });
            assert_eq!(needed(&regex_syntax::parse(expression).unwrap()), expected, "{expression}");
        }
        let one = needed(&regex_syntax::parse("; x").unwrap()).unwrap();
        assert_eq!(one, Pair { first: of("x"), second: Characters::MAX });
        for (header, expected) in [("a; xy", true), ("a;x", true), ("a;  x", true), ("a; y x", false), ("x", false)] {
            assert_eq!(Followers::of(header).have(one), expected, "{header}");
        }
        let sm = needed(&regex_syntax::parse("; {0,2}SM").unwrap()).unwrap();
        for (header, expected) in
            [("(Linux; Android; SM-G9)", true), ("; S M", false), (";;;;;;;;;; ", true), (";S", false)]
        {
            assert_eq!(Followers::of(header).have(sm), expected, "{header}");
        }
        assert_eq!(firsts_of(&regex_syntax::parse("a?b|c").unwrap()), Some(of("abc")));
    }
}

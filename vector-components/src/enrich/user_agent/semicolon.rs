//! What may follow a semicolon. Half of uap-core's rules of devices begin with `; {0,2}` and the
//! beginning of a model's name; most headers have a system there.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Characters of ASCII.
pub type Characters = u128;

/// The characters of which one has to follow a semicolon, behind spaces, for an expression to match
/// a header of ASCII. `None` if it does not begin with a semicolon.
pub fn needed(expression: &Hir) -> Option<Characters> {
    let parts = match expression.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(expression),
    };
    let (first, rest) = parts.split_first()?;
    let HirKind::Literal(literal) = first.kind() else { return None };
    let behind = literal.0.strip_prefix(b";")?;
    if let Some(byte) = behind.iter().find(|byte| **byte != b' ') {
        return character(*byte);
    }
    let rest = rest.iter().skip_while(|part| is_space(part));
    let (firsts, can_be_empty) = one_after_another(rest);
    (!can_be_empty).then_some(firsts)
}

/// The characters that a match of an expression begins with; `None` if it can be empty.
pub fn firsts_of(expression: &Hir) -> Option<Characters> {
    let (characters, can_be_empty) = firsts(expression);
    (!can_be_empty).then_some(characters)
}

/// The characters that follow a header's semicolons, behind spaces; spaces among them.
pub fn present(header: &str) -> Characters {
    let mut found = 0;
    let mut is_behind = false;
    for byte in header.bytes() {
        if is_behind {
            found |= character(byte).unwrap_or_default();
        }
        is_behind = byte == b';' || is_behind && byte == b' ';
    }
    found
}

fn character(byte: u8) -> Option<Characters> {
    byte.is_ascii().then(|| 1 << byte)
}

fn is_space(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Literal(literal) => literal.0.iter().all(|byte| *byte == b' '),
        HirKind::Repetition(repetition) => is_space(&repetition.sub),
        HirKind::Capture(capture) => is_space(&capture.sub),
        _ => false,
    }
}

/// What a match of a part begins with, and whether it can be empty.
fn firsts(part: &Hir) -> (Characters, bool) {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => (0, true),
        HirKind::Literal(literal) => (literal.0.first().copied().and_then(character).unwrap_or_default(), false),
        HirKind::Class(class) => (of_class(class), false),
        HirKind::Repetition(repetition) => {
            let (characters, can_be_empty) = firsts(&repetition.sub);
            (characters, can_be_empty || repetition.min == 0)
        }
        HirKind::Capture(capture) => firsts(&capture.sub),
        HirKind::Concat(parts) => one_after_another(parts.iter()),
        HirKind::Alternation(parts) => parts
            .iter()
            .map(firsts)
            .fold((0, false), |(all, any_empty), (characters, is_empty)| (all | characters, any_empty || is_empty)),
    }
}

fn one_after_another<'h>(parts: impl Iterator<Item = &'h Hir>) -> (Characters, bool) {
    let mut all = 0;
    for part in parts {
        let (characters, can_be_empty) = firsts(part);
        all |= characters;
        if !can_be_empty {
            return (all, false);
        }
    }
    (all, true)
}

fn of_class(class: &Class) -> Characters {
    let ascii = (0..=0x7f_u8).filter(|byte| match class {
        Class::Unicode(class) => class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&char::from(*byte))),
        Class::Bytes(class) => class.ranges().iter().any(|r| (r.start()..=r.end()).contains(byte)),
    });
    ascii.fold(0, |all, byte| all | character(byte).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_expressions_and_headers() {
        let of = |text: &str| text.bytes().fold(0, |all, byte| all | character(byte).unwrap());
        for (expression, expected) in [
            ("; {0,2}(SM-[A-Z]+) Build", Some(of("S"))),
            ("; *(?:LG-|[KL]C)x?", Some(of("LK"))),
            ("(?i); ?(moto)", Some(of("mM"))),
            ("; {0,2}x?(Pixel)", Some(of("xP"))),
            (";  ?Acme", Some(of("A"))),
            ("; {0,2}[^a]?", None),
            ("; {0,2}", None),
            ("Android.*; (x)", None),
            ("(; x)", None),
        ] {
            assert_eq!(needed(&regex_syntax::parse(expression).unwrap()), expected, "{expression}");
        }
        assert_eq!(present("Mozilla/5.0 (Linux; Android 10;SM-G9;  x"), of("AS x"));
        assert_eq!(present("a;"), 0);
    }
}

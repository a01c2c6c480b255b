//! uap-core's expressions, as our engine is to read them.

use std::sync::OnceLock;

use regex_automata::{
    Input,
    meta::{self, Regex},
    util::{primitives::NonMaxUsize, syntax},
};
use regex_syntax::hir::Hir;

use super::{
    error::RulesError,
    one_pass::{OnePass, Tried},
    pieces::Pieces,
};

/// An expression, compiled for ASCII headers, which nearly all are: without Unicode, a class is one state
/// instead of a dozen. For such headers all variants give the same result.
pub struct Expression {
    ascii: Regex,
    /// The same as a one-pass automaton, if it is one.
    one_pass: Option<OnePass>,
    /// The same as pieces, if it has gaps.
    pieces: Option<Pieces>,
    /// For other headers, compiled on first use.
    unicode: OnceLock<Option<Regex>>,
    source: String,
    is_case_insensitive: bool,
}

impl Expression {
    /// Compiles an expression; what it is made of comes with it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn new(written: &str, is_case_insensitive: bool) -> Result<(Self, Hir), RulesError> {
        let source = as_ascii(written);
        let expression = || written.to_owned();
        let parsed = parse(&source, is_case_insensitive, true)
            .map_err(|source| RulesError::Syntax { expression: expression(), source })?;
        // A class with a non-ASCII character is only valid with Unicode.
        let bytes = parse(&source, is_case_insensitive, false).unwrap_or_else(|_| parsed.clone());
        let ascii = compile(&bytes).map_err(|source| RulesError::Compile { expression: expression(), source })?;
        let one_pass = OnePass::new(&bytes);
        let pieces = if one_pass.is_none() { Pieces::new(&bytes) } else { None };
        Ok((Self { ascii, one_pass, pieces, unicode: OnceLock::new(), source, is_case_insensitive }, parsed))
    }

    /// Places for the bounds of its groups.
    pub fn slots(&self) -> usize {
        self.ascii.group_info().slot_len()
    }

    /// Whether it matches, and where its groups are.
    pub fn search(&self, header: &str, is_ascii: bool, slots: &mut [Option<NonMaxUsize>]) -> bool {
        if !is_ascii {
            return self.unicode().is_some_and(|regex| regex.search_slots(&Input::new(header), slots).is_some());
        }
        let tried = match (&self.one_pass, &self.pieces) {
            (Some(one_pass), _) => one_pass.search(header, slots),
            (None, Some(pieces)) => pieces.search(header, slots),
            (None, None) => Tried::Unknown,
        };
        match tried {
            Tried::Match => true,
            Tried::NoMatch => false,
            Tried::Unknown => self.ascii.search_slots(&Input::new(header), slots).is_some(),
        }
    }

    /// Cannot fail: `new` has parsed it.
    fn unicode(&self) -> Option<&Regex> {
        let compiled = || compile(&parse(&self.source, self.is_case_insensitive, true).ok()?).ok();
        self.unicode.get_or_init(compiled).as_ref()
    }
}

fn parse(source: &str, is_case_insensitive: bool, is_unicode: bool) -> Result<Hir, Box<regex_syntax::Error>> {
    let syntax = syntax::Config::new().case_insensitive(is_case_insensitive).unicode(is_unicode).utf8(is_unicode);
    syntax::parse_with(source, &syntax).map_err(Box::new)
}

fn compile(expression: &Hir) -> Result<Regex, Box<meta::BuildError>> {
    let config = meta::Config::new().utf8_empty(false);
    meta::Builder::new().configure(config).build_from_hir(expression).map_err(Box::new)
}

/// uap-core means ASCII by `\d` and `\w`, and bounds repetitions against engines that go back and
/// forth, which ours does not: unbounded they are smaller by far.
fn as_ascii(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len() + 16);
    let (mut rest, mut classes) = (expression, 0_usize);
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '\\' => {
                let next = rest[1..].chars().next().unwrap_or_default();
                taken += next.len_utf8().min(rest.len() - 1);
                match next {
                    'd' => out.push_str("[0-9]"),
                    'D' => out.push_str("[^0-9]"),
                    'w' => out.push_str("[A-Za-z0-9_]"),
                    'W' => out.push_str("[^A-Za-z0-9_]"),
                    _ => out.push_str(&rest[..taken]),
                }
            }
            '{' if classes == 0 => match bounded(rest) {
                Some((sign, length)) => {
                    out.push(sign);
                    taken = length;
                }
                None => out.push(c),
            },
            _ => {
                classes = match c {
                    '[' => classes + 1,
                    ']' => classes.saturating_sub(1),
                    _ => classes,
                };
                out.push(c);
            }
        }
        rest = &rest[taken..];
    }
    out
}

/// `{0,100}` and the like, at the beginning: the sign that stands for it, and its length.
fn bounded(text: &str) -> Option<(char, usize)> {
    let (bounds, _) = text.strip_prefix('{')?.split_once('}')?;
    let (min_count, max_count) = bounds.split_once(',')?;
    let sign = match min_count {
        "0" => '*',
        "1" => '+',
        _ => return None,
    };
    (max_count.len() > 2 && max_count.bytes().all(|b| b.is_ascii_digit())).then_some((sign, bounds.len() + 2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of each kind: one pass, pieces, and what only the engine can tell.
    const EXPRESSIONS: [&str; 12] = [
        r"(ab|ac)/(\d+)(?:\.(\d+)|)",
        r"a(b+)c?\b",
        r"^(a)b",
        r"(a|b).{1,200}c/(\d+)\.(\d+)(?:\.(\d+)|).{1,200}[ +]b",
        r"a.*b(c?)",
        r"(a).+(b\d*)",
        r"(a).+?(b\d*)",
        r"a.+b.*?c/(\d)",
        r"(a+).+(a)",
        r"(ab?).*b.+(\d)$",
        r"(?:a|ab)(.+)b",
        r"a[^;]+(b|bc).+;",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        /// Equal to the general engine with Unicode.
        #[test]
        fn all_ways_say_the_same(header in "[abc/1.; +\n]{0,24}", rule in 0..EXPRESSIONS.len(), is_case_insensitive in any::<bool>()) {
            let (expression, _) = Expression::new(EXPRESSIONS[rule], is_case_insensitive).unwrap();
            let (mut fast, mut slow) = ([None; 20], [None; 20]);
            let count = expression.slots();
            let is_match = expression.search(&header, true, &mut fast[..count]);
            prop_assert_eq!(is_match, expression.search(&header, false, &mut slow[..count]));
            if is_match {
                prop_assert_eq!(fast, slow);
            }
        }
    }

    #[test]
    fn expressions_are_searched_for_in_each_way() {
        let of = |expression: &str| Expression::new(expression, false).unwrap().0;
        assert!(EXPRESSIONS[..3].iter().all(|expression| of(expression).one_pass.is_some()));
        assert!(EXPRESSIONS[3..8].iter().all(|expression| of(expression).pieces.is_some()));
        assert!(of(EXPRESSIONS[11]).pieces.is_none());
    }

    #[test]
    fn golden_expressions() {
        for (expression, expected) in [
            (r"(\d+)\.\w[\d\-]", r"([0-9]+)\.[A-Za-z0-9_][[0-9]\-]"),
            (".{0,200}x{1,100}?", ".*x+?"),
            (".{0,20}x{2,100}", ".{0,20}x{2,100}"),
            (r"\{0,200}[{0,200}]", r"\{0,200}[{0,200}]"),
        ] {
            assert_eq!(as_ascii(expression), expected);
        }
    }
}

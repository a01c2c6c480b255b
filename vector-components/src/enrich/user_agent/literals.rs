//! Which texts a header must hold for a rule to match at all, read off the rule's expression. A
//! header is searched once for the texts of all rules, and only the few rules whose texts it
//! holds are tried.
//!
//! Texts are in lower case and of ASCII; headers with other characters are tried by every rule.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Shorter texts are in too many headers.
const TEXT_BYTES_MIN: usize = 3;
/// Texts of one set.
const TEXTS_MAX: usize = 384;
/// Repetitions that are written out, as the spaces of `; {0,2}`.
const REPETITIONS_MAX: u32 = 3;
/// One text.
const TEXT_BYTES_MAX: usize = 40;
/// Of a longer text, so much is searched for: what the search has to know grows with it.
const SEARCHED_BYTES: usize = 10;
/// Sets that a rule is given; each has to be hit.
const SETS_MAX: usize = 2;

/// Headers of the commonest browsers: what is in them tells rules apart least.
pub const COMMON: &str = "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/124.0.0.0 safari/537.36 \
    mozilla/5.0 (macintosh; intel mac os x 10_15_7) applewebkit/605.1.15 (khtml, like gecko) version/17.4.1 safari/605.1.15 \
    mozilla/5.0 (iphone; cpu iphone os 17_4_1 like mac os x) applewebkit/605.1.15 (khtml, like gecko) version/17.4.1 mobile/15e148 safari/604.1 \
    mozilla/5.0 (linux; android 10; k) applewebkit/537.36 (khtml, like gecko) chrome/124.0.0.0 mobile safari/537.36 build/ \
    mozilla/5.0 (x11; linux x86_64; rv:125.0) gecko/20100101 firefox/125.0";

/// Sets of which a matching header holds a text each; none if nothing can be said.
pub fn required(expression: &Hir) -> Vec<Vec<String>> {
    let found = look(expression);
    let mut sets = found.sets;
    sets.extend(found.exact);
    sets.retain(|set| is_useful(set));
    sets.sort_by_key(|set| std::cmp::Reverse(worth(set)));
    sets.dedup();
    // A second one of texts that nearly all headers hold costs more than it tells.
    let mut sets: Vec<_> =
        sets.into_iter().enumerate().filter(|(at, set)| *at == 0 || worth(set).0).map(|(_, set)| set).collect();
    sets.truncate(SETS_MAX);
    sets.into_iter().map(shortened).collect()
}

/// A header that holds a text holds each part of it; the first part that is not in every header.
fn shortened(set: Vec<String>) -> Vec<String> {
    let part = |text: String| {
        let parts = text.as_bytes().windows(SEARCHED_BYTES).filter_map(|part| str::from_utf8(part).ok());
        let rare = parts.clone().find(|part| !COMMON.contains(part)).or_else(|| parts.clone().next_back());
        rare.map(str::to_owned).unwrap_or(text)
    };
    let mut parts: Vec<String> = set.into_iter().map(part).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// What is known of a part of an expression.
struct Found {
    /// All that it can match, if that is little.
    exact: Option<Vec<String>>,
    /// What its matches begin with, one of these; one empty text if nothing is known.
    begins: Vec<String>,
    /// Sets of which each has to be hit.
    sets: Vec<Vec<String>>,
}

impl Found {
    fn nothing() -> Self {
        Self { exact: None, begins: vec![String::new()], sets: Vec::new() }
    }

    fn exactly(texts: Vec<String>) -> Self {
        Self { exact: Some(texts.clone()), begins: texts, sets: Vec::new() }
    }
}

fn look(part: &Hir) -> Found {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Found::exactly(vec![String::new()]),
        HirKind::Literal(literal) => Found::exactly(vec![String::from_utf8_lossy(&literal.0).to_ascii_lowercase()]),
        HirKind::Class(class) => characters(class).map_or_else(Found::nothing, Found::exactly),
        HirKind::Capture(capture) => look(&capture.sub),
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Concat(parts) => one_after_another(parts),
        HirKind::Alternation(parts) => one_of(parts),
    }
}

/// The class's characters, if they are few. Others than ASCII are in no header that is searched.
fn characters(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else { return None };
    let mut out = Vec::new();
    for range in class.ranges() {
        for c in (range.start()..=range.end()).take_while(char::is_ascii) {
            let text = c.to_ascii_lowercase().to_string();
            if !out.contains(&text) {
                out.push(text);
            }
            // The digits are enough.
            if out.len() > 10 {
                return None;
            }
        }
    }
    Some(out)
}

fn repeated(repetition: &Repetition) -> Found {
    let inner = look(&repetition.sub);
    match (repetition.min, repetition.max, inner.exact) {
        (1, Some(1), exact) => Found { exact, ..inner },
        (min_count, Some(max_count), Some(texts))
            if max_count <= 1 || max_count <= REPETITIONS_MAX && texts.len() <= 2 =>
        {
            let times = |count| (0..count).fold(vec![String::new()], |running, _| product(&running, &texts));
            Found::exactly((min_count..=max_count).flat_map(times).collect())
        }
        (0, _, _) => Found::nothing(),
        (_, _, exact) => {
            Found { exact: None, begins: inner.begins, sets: inner.sets.into_iter().chain(exact).collect() }
        }
    }
}

fn one_after_another(parts: &[Hir]) -> Found {
    let (mut sets, mut running) = (Vec::new(), vec![String::new()]);
    let mut begins = None;
    for part in parts {
        let found = look(part);
        sets.extend(found.sets);
        match found.exact {
            Some(texts) if fits(&running, &texts) => running = product(&running, &texts),
            exact => {
                let before = std::mem::replace(&mut running, exact.unwrap_or_else(|| vec![String::new()]));
                let joined = if fits(&before, &found.begins) { product(&before, &found.begins) } else { before };
                begins.get_or_insert_with(|| joined.clone());
                sets.push(joined);
            }
        }
    }
    match begins {
        None => Found { exact: Some(running.clone()), begins: running, sets },
        Some(begins) => {
            sets.push(running);
            Found { exact: None, begins, sets }
        }
    }
}

fn product(before: &[String], after: &[String]) -> Vec<String> {
    before.iter().flat_map(|a| after.iter().map(move |b| format!("{a}{b}"))).collect()
}

fn fits(before: &[String], after: &[String]) -> bool {
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    before.len() * after.len() <= TEXTS_MAX && longest(before) + longest(after) <= TEXT_BYTES_MAX
}

fn one_of(parts: &[Hir]) -> Found {
    let each: Vec<Found> = parts.iter().map(look).collect();
    let begins = each.iter().flat_map(|found| found.begins.iter().cloned()).collect::<Vec<_>>();
    let begins = if begins.len() <= TEXTS_MAX { begins } else { vec![String::new()] };
    if let Some(texts) = each.iter().map(|found| found.exact.clone()).collect::<Option<Vec<_>>>() {
        let texts = texts.concat();
        if texts.len() <= TEXTS_MAX {
            return Found::exactly(texts);
        }
    }
    // Each way needs a set of its own; together they are one.
    let best = |found: Found| {
        found.sets.into_iter().chain(found.exact).filter(|set| is_useful(set)).max_by_key(|set| worth(set))
    };
    let sets = each.into_iter().map(best).collect::<Option<Vec<_>>>().map(|sets| sets.concat());
    let sets = sets.filter(|texts| texts.len() <= TEXTS_MAX).into_iter().collect();
    Found { exact: None, begins, sets }
}

fn is_useful(set: &[String]) -> bool {
    !set.is_empty() && set.iter().all(|text| text.len() >= TEXT_BYTES_MIN)
}

/// Rare texts first, then long ones: by the least of the set.
fn worth(set: &[String]) -> (bool, usize) {
    set.iter().map(|text| (!COMMON.contains(text.as_str()), text.len())).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expression: &str) -> Vec<Vec<String>> {
        required(&regex_syntax::parse(expression).unwrap())
    }

    #[test]
    fn golden_texts() {
        assert_eq!(of("(CriOS)/([0-9])+"), [(0..10).map(|n| format!("crios/{n}")).collect::<Vec<_>>()]);
        assert_eq!(of("; *(SM-[A-Z]+) Build|GT-.+"), [["gt-", "sm-"]]);
        assert_eq!(of("(?i)ab[cd]x?"), [["abc", "abcx", "abd", "abdx"]]);
        assert_eq!(of("(?:abc|.*)x"), Vec::<Vec<String>>::new());
        assert_eq!(of("(?:Firefox/)+."), [["firefox/"]]);
        assert_eq!(of("; {0,2}([KL]C[0-9]+)[)]")[0].len(), 60);
        assert_eq!(of("; {0,2}(?:([KL]C).*|DT-)")[0].len(), 9);
        assert_eq!(of("Android.*Silk"), [["silk"]]);
        assert_eq!(of("MIDP.*Silk"), [["midp"], ["silk"]]);
    }
}

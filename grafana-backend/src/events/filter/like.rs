//! Patterns with `*`, as a LIKE of SQL.

/// `*` becomes `%`; what is special in LIKE is taken literally.
#[must_use]
pub fn like(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    for c in pattern.chars() {
        match c {
            '*' => out.push('%'),
            '%' | '_' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_s_other_signs_are_literal() {
        assert_eq!(like("/a_b/*/50%"), "/a\\_b/%/50\\%");
    }
}

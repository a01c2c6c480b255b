//! uap-core's expressions, as our engine is to read them.

/// uap-core means ASCII by `\d` and `\w`, and bounds repetitions against engines that go back and
/// forth, which ours does not: unbounded they are smaller by far.
pub fn as_ascii(expression: &str) -> String {
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
    let (least, most) = bounds.split_once(',')?;
    let sign = match least {
        "0" => '*',
        "1" => '+',
        _ => return None,
    };
    (most.len() > 2 && most.bytes().all(|b| b.is_ascii_digit())).then_some((sign, bounds.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

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

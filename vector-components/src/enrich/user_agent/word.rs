//! Words to look for in a header, and where they count.
//!
//! A word stands alone: neither neighbour is a letter or a digit, unless the word itself ends there
//! with something else, as `curl/` does. `*` at an end stands for more of the word, `^` for the header's
//! beginning, `=` before all for the case as written.

use std::ops::Range;

/// A word as a list writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    text: String,
    is_first: bool,
    is_open_before: bool,
    is_open_behind: bool,
    is_case_kept: bool,
    /// Whether it counts in the model that an Android header names.
    is_of_model: bool,
}

impl Word {
    /// Reads a word of a list.
    pub fn new(written: &str, is_of_model: bool) -> Self {
        let (is_case_kept, text) = written.strip_prefix('=').map_or((false, written), |text| (true, text));
        let (is_first, text) = text.strip_prefix('^').map_or((false, text), |text| (true, text));
        let (is_open_before, text) = text.strip_prefix('*').map_or((false, text), |text| (true, text));
        let (is_open_behind, text) = text.strip_suffix('*').map_or((false, text), |text| (true, text));
        Self { text: text.to_owned(), is_first, is_open_before, is_open_behind, is_case_kept, is_of_model }
    }

    /// What to search for, in whatever case.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the word's text counts where it was found; `model` is where the header names one.
    pub fn counts(&self, header: &str, found: Range<usize>, model: impl FnOnce() -> Range<usize>) -> bool {
        let bytes = header.as_bytes();
        let is_end = |inside: usize, outside: Option<&u8>| {
            let is_letter = |byte: &u8| byte.is_ascii_alphanumeric();
            !(bytes.get(inside).is_some_and(is_letter) && outside.is_some_and(is_letter))
        };
        let before = found.start.checked_sub(1).and_then(|at| bytes.get(at));
        (self.is_open_before || is_end(found.start, before))
            && (self.is_open_behind || is_end(found.end.wrapping_sub(1), bytes.get(found.end)))
            && (!self.is_first || found.start == 0)
            && (!self.is_case_kept || bytes.get(found.clone()) == Some(self.text.as_bytes()))
            && (self.is_of_model || {
                let model = model();
                found.end <= model.start || model.end <= found.start
            })
    }
}

/// Where an Android header names system and model: its first brackets. Empty if it is no such header.
pub fn model(header: &str) -> Range<usize> {
    let Some(start) = header.find('(') else { return 0..0 };
    let end = header[start..].find(')').map_or(header.len(), |at| start + at);
    let brackets = &header[start..end];
    let is_android = brackets.starts_with("(Linux") && brackets.contains("Android") || brackets.starts_with("(Android");
    if is_android { start..end } else { 0..0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_words() {
        for (written, header, expected) in [
            ("ruby", "x ruby/2", true),
            ("ruby", "rubyplus", false),
            ("^ruby", "x ruby", false),
            ("*bot", "(FooBot/1.0)", true),
            ("*bot", "bottle", false),
            ("bot*", "foobot", false),
            ("curl/", "curl/8", true),
            ("curl/", "libcurl/8", false),
            ("=TV", "x TV Safari", true),
            ("=TV", "x tv Safari", false),
            ("spider", "Mozilla/5.0 (Linux; Android 13; Spider 8) x", false),
            ("spider", "Mozilla/5.0 (Linux; Android 13; Pixel) Spider", true),
            ("spider", "Mozilla/5.0 (compatible; Spider; Android 4)", true),
        ] {
            let word = Word::new(written, false);
            let at = header.to_lowercase().find(&word.text().to_lowercase()).unwrap();
            assert_eq!(
                word.counts(header, at..at + word.text().len(), || model(header)),
                expected,
                "{written} {header}"
            );
        }
    }
}

//! Why a request is refused, in ClickHouse's terms.

use std::fmt;

/// `UNKNOWN_EXCEPTION`, for a message without a code.
const UNKNOWN: u16 = 1002;

/// An exception, as ClickHouse words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// ClickHouse's exception code.
    pub code: u16,
    /// ClickHouse's message form without the code.
    pub message: String,
}

/// The one place that reads the engine's messages, which come as `Code: 62. DB::Exception: …`.
impl From<String> for Refusal {
    fn from(text: String) -> Self {
        let parts = text.strip_prefix("Code: ").and_then(|rest| rest.split_once(". DB::Exception: "));
        let read =
            parts.and_then(|(code, message)| Some(Self { code: code.parse().ok()?, message: message.to_owned() }));
        read.unwrap_or(Self { code: UNKNOWN, message: text })
    }
}

/// ClickHouse's text form of an exception.
impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Code: {}. DB::Exception: {}", self.code, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_messages_keep_their_code_and_their_words() {
        let syntax = "Code: 62. DB::Exception: Syntax error: Code: 7. DB::Exception: x. (SYNTAX_ERROR)";
        let refusal = Refusal::from(syntax.to_owned());
        assert_eq!((refusal.code, refusal.to_string()), (62, syntax.to_owned()));
        for text in ["no code", "Code: x. DB::Exception: y"] {
            assert_eq!(Refusal::from(text.to_owned()), Refusal { code: UNKNOWN, message: text.to_owned() });
        }
    }
}

//! Why the rules cannot be compiled.

/// What is wrong with the rules.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum RulesError {
    #[error("the rules cannot be read: {0}")]
    File(#[from] serde_json::Error),
    #[error("{expression:?} cannot be read")]
    Syntax {
        expression: String,
        #[source]
        source: Box<regex_syntax::Error>,
    },
    #[error("{expression:?} cannot be compiled")]
    Compile {
        expression: String,
        #[source]
        source: Box<regex_automata::meta::BuildError>,
    },
    #[error("there are more than {max} {what}")]
    TooMany { what: &'static str, max: usize },
    #[error("a text to look for is empty")]
    EmptyText,
    #[error("the text {0:?} is too long to be looked for")]
    LongText(String),
}

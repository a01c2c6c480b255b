//! Why a query failed, for the person who wrote it: a status, a sentence, a hint.

/// A query's error. Its message names the field, the limit and the value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum QueryError {
    #[error("{field}: {message}")]
    Invalid { field: String, message: String },
    #[error("ClickHouse does not answer: {0}. Check the URL in the datasource's settings.")]
    Unreachable(String),
    #[error("{0}")]
    ClickHouse(String),
    #[error("the query took more than {0} s: narrow the time range, or raise the limit in the datasource's settings")]
    Timeout(u64),
    #[error("even a part of the actors has events of more than {0} MiB: narrow the time range or the filter")]
    TooLarge(usize),
    #[error(
        "the running queries hold the {0} MiB of memory that they may: try again in a moment, narrow the range, or raise FOOTFALL_PLUGIN_MEMORY_BYTES_MAX in Grafana's environment"
    )]
    Memory(usize),
    #[error("the result has more than {0} MiB: select less, or group")]
    ResultTooLarge(usize),
    #[error("{0} queries are running already: try again in a moment")]
    Busy(usize),
    #[error("the result could not be encoded: {0}")]
    Encoding(String),
}

impl QueryError {
    /// An error of the query's `field`.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// The same error at another place of the query.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        match self {
            Self::Invalid { message, .. } => Self::Invalid { field: place.to_owned(), message },
            other => other,
        }
    }

    /// One of a few names, for metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::TooLarge(_) | Self::ResultTooLarge(_) => "too_large",
            Self::Memory(_) => "memory",
            Self::Busy(_) => "busy",
            Self::Encoding(_) => "encoding",
            Self::ClickHouse(_) => "clickhouse",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout(_) => "timeout",
        }
    }

    /// The status that Grafana shows, in HTTP's numbers.
    #[must_use]
    pub fn status(&self) -> i32 {
        match self {
            Self::Invalid { .. } | Self::TooLarge(_) | Self::ResultTooLarge(_) => 400,
            Self::Busy(_) | Self::Memory(_) => 429,
            Self::Encoding(_) => 500,
            Self::ClickHouse(_) | Self::Unreachable(_) => 502,
            Self::Timeout(_) => 504,
        }
    }
}

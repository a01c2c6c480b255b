//! Where a request says for which project it is.

/// The header of a write key in our own format.
pub const AUTHORIZATION: &str = "Authorization";

/// Where a request names its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectSource {
    /// By a write key, in the header or field of this name.
    Key(&'static str),
    /// In the header of this name.
    Header(&'static str),
    /// In the query, as the parameter of this name.
    Query(&'static str),
    /// As another client's field of this name: the project itself, or a write key.
    Token(&'static str),
}

impl ProjectSource {
    /// The field at fault, for an error.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Key(name) | Self::Header(name) | Self::Query(name) | Self::Token(name) => name,
        }
    }

    /// Where a write key would stand beside it, or in its place.
    #[must_use]
    pub fn key_field(self) -> &'static str {
        match self {
            Self::Key(name) | Self::Token(name) => name,
            Self::Header(_) | Self::Query(_) => AUTHORIZATION,
        }
    }
}

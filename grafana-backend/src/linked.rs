//! What a project has that makes one person of several visitors: a simpler statement does where there is less.

/// What makes one person of several visitors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Links {
    /// Nothing: each visitor is a person of its own.
    None,
    /// Claims that a visitor is a user, and no user has become another.
    Claims,
    /// Both, or it is not known.
    #[default]
    All,
}

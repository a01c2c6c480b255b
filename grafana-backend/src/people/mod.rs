//! Persons: which visitors are one. The rules are in docs/queries/people.md, and ClickHouse's tables and
//! views hold what follows from them; this is how questions read it. Statements that count in SQL join the
//! view `analytics.people` ([`Persons`]); folds map visitors as they gather events ([`People`]).

mod aliases;
mod links;
mod sql;
mod table;

pub use links::People;
pub use sql::{Persons, visitors_like};

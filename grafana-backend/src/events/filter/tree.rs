//! The tree, and the condition that it is in SQL.

use super::test::Test;
use crate::{
    events::{dimension::Dimension, entry::Entries},
    sql::Sql,
};

/// A condition on one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All hold; of none, true.
    All(Vec<Filter>),
    /// One holds; of none, false.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A test of one column or property.
    Test(Dimension, Test),
}

impl Default for Filter {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Filter {
    /// Whether it holds for every event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(filters) if filters.iter().all(Filter::is_empty))
    }

    /// What it reads of the session's entry.
    #[must_use]
    pub fn entries(&self) -> Entries {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().map(Filter::entries).collect(),
            Self::Not(filter) => filter.entries(),
            Self::Test(dimension, _) => dimension.entries(),
        }
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self::All(vec![self, other]),
        }
    }

    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        let mut list = |filters: &[Filter], between: &'static str, of_none: &'static str| {
            sql.text("(");
            if filters.is_empty() {
                sql.text(of_none);
            }
            for (at, filter) in filters.iter().enumerate() {
                sql.text(if at == 0 { "" } else { between }).sub(|sql| filter.write(sql));
            }
            sql.text(")");
        };
        match self {
            Self::All(filters) => list(filters, " AND ", "1"),
            Self::Any(filters) => list(filters, " OR ", "0"),
            Self::Not(filter) => drop(sql.text("NOT ").sub(|sql| filter.write(sql))),
            Self::Test(dimension, test) => {
                sql.text("(");
                test.write(dimension, sql);
                sql.text(")");
            }
        }
    }
}

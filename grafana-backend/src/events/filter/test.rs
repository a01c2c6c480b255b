//! The test of one value.

use super::{like::like, tree::Leaf};
use crate::{
    events::{dimension::Dimension, entry::Entries},
    sql::Sql,
};

/// A test of one column or property.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Of what.
    pub dimension: Dimension,
    /// Which.
    pub test: Test,
}

/// The test of a value; a property that is absent is the empty string.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One of these, exactly.
    In(Vec<String>),
    /// Contains this string, in upper or lower case.
    Contains(String),
    /// Matches this pattern, with `*` for any characters.
    Wildcard(String),
    /// Matches this regular expression (RE2), anywhere.
    Matches(String),
    /// Is a number that compares so; anything else does not.
    Number(Comparison, f64),
    /// Is there and not empty.
    IsSet,
}

/// How numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Leaf for Condition {
    fn entries(&self) -> Entries {
        self.dimension.entries()
    }

    fn write(&self, sql: &mut Sql) {
        self.test.write(&self.dimension, sql);
    }
}

impl Test {
    /// Appends the test of the dimension's value.
    pub fn write(&self, dimension: &Dimension, sql: &mut Sql) {
        match self {
            Self::In(values) => match &values[..] {
                [one] => {
                    dimension.write_plain(sql);
                    sql.text(" = ").string(one);
                }
                values => {
                    dimension.write(sql);
                    sql.text(" IN ").strings(values);
                }
            },
            Self::Contains(text) => {
                sql.text("positionCaseInsensitiveUTF8(")
                    .sub(|sql| dimension.write(sql))
                    .text(", ")
                    .string(text)
                    .text(") > 0");
            }
            Self::Wildcard(pattern) => {
                dimension.write_plain(sql);
                sql.text(" LIKE ").string(&like(pattern));
            }
            Self::Matches(pattern) => {
                sql.text("match(").sub(|sql| dimension.write(sql)).text(", ").string(pattern).text(")");
            }
            Self::Number(comparison, number) => {
                let sign = match comparison {
                    Comparison::Less => " < ",
                    Comparison::LessOrEqual => " <= ",
                    Comparison::Greater => " > ",
                    Comparison::GreaterOrEqual => " >= ",
                };
                sql.text("ifNull(toFloat64OrNull(")
                    .sub(|sql| dimension.write(sql))
                    .text(")")
                    .text(sign)
                    .float(*number)
                    .text(", 0)");
            }
            Self::IsSet => {
                dimension.write_plain(sql);
                sql.text(" != ''");
            }
        }
    }
}

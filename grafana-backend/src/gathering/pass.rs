//! A part of the actors, where the events of all of them do not fit into memory.

use crate::sql::Sql;

/// Which actors a statement is to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Which part, from 0.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Pass {
    /// All actors at once.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// Appends the condition on the actor's expression, if there is more than one part.
    pub fn write(self, sql: &mut Sql, actor: &'static str) {
        if self.of > 1 {
            let (number, of) = (self.number.cast_signed(), self.of.cast_signed());
            // The low bits: the high ones choose the partition.
            sql.text(" AND ").text(actor).text(" % ").int(of).text(" = ").int(number);
        }
    }
}

//! A query's own filter: tests of an event, and of what its person did.

use serde_json::Value;

use super::{
    json::DidJson,
    model::{Around, Did},
};
use crate::{
    error::QueryError,
    events::{
        entry::Entries,
        filter::{
            Filter,
            read::read_with,
            test::Condition,
            tree::{Leaf, Tree},
        },
    },
    sql::Sql,
};

/// Conditions on persons in one query: each reads events of its own.
const BEHAVIOURS_MAX: usize = 8;

/// The tree.
pub type PersonFilter = Tree<Of>;

/// What a condition is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Of {
    /// The event itself.
    Event(Condition),
    /// Its person.
    Person(Box<Did>),
}

impl From<Condition> for Of {
    fn from(condition: Condition) -> Self {
        Self::Event(condition)
    }
}

impl Leaf for Of {
    fn entries(&self) -> Entries {
        match self {
            Self::Event(condition) => condition.entries(),
            Self::Person(_) => Entries::default(),
        }
    }

    fn write(&self, sql: &mut Sql) {
        match self {
            Self::Event(condition) => condition.write(sql),
            Self::Person(did) => did.write(sql),
        }
    }
}

/// Reads the JSON form.
///
/// # Errors
/// Names the place and what is wrong there.
pub fn read(json: &Value, place: &str, around: Around<'_>) -> Result<PersonFilter, QueryError> {
    let mut count = 0;
    read_with(json, place, |json, at| {
        count += 1;
        if count > BEHAVIOURS_MAX {
            let message = format!("it asks {count} times what persons did, at most {BEHAVIOURS_MAX} are allowed");
            return Err(QueryError::invalid(place, message));
        }
        Ok(DidJson::read(json, at)?.check(at, around)?.map(&mut |did: &Did| Of::Person(Box::new(did.clone()))))
    })
}

impl Tree<Of> {
    /// Of events alone.
    #[must_use]
    pub fn of_events(filter: &Filter) -> Self {
        filter.map(&mut |condition| Of::Event(condition.clone()))
    }

    /// The same around another range.
    #[must_use]
    pub fn over(&self, around: Around<'_>) -> Self {
        self.map(&mut |of| match of {
            Of::Person(did) => Of::Person(Box::new(did.over(around))),
            Of::Event(condition) => Of::Event(condition.clone()),
        })
    }

    /// The same, if it is about events alone; `None` if it is about persons as well.
    #[must_use]
    pub fn if_of_events(&self) -> Option<Filter> {
        let event = |of: &Of| match of {
            Of::Event(condition) => Ok(condition.clone()),
            Of::Person(_) => Err(()),
        };
        self.try_map(&mut { event }).ok()
    }
}

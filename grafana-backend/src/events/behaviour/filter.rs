//! A query's own filter: tests of an event, of what its person did, and of the cohorts that its person is in.

use serde_json::Value;

use super::{
    json::DidJson,
    model::{Around, Did, Listed},
    named::Named,
};
use crate::{
    error::QueryError,
    events::{
        entry::Entries,
        filter::{
            Filter,
            read::{OfPerson, read_with},
            test::Condition,
            tree::{Leaf, Tree},
        },
    },
    sql::Sql,
};

/// Conditions on persons in one query: each reads events of its own.
pub const BEHAVIOURS_MAX: usize = 8;

/// The tree.
pub type PersonFilter = Tree<Of>;

/// What a condition is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Of {
    /// The event itself.
    Event(Condition),
    /// What its person did.
    Person(Box<Did>),
    /// A list that its person is on.
    Listed(Listed),
    /// A cohort that its person is in, not yet looked up.
    Cohort(Named),
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
            Self::Person(_) | Self::Listed(_) | Self::Cohort(_) => Entries::default(),
        }
    }

    fn write(&self, sql: &mut Sql) {
        match self {
            Self::Event(condition) => condition.write(sql),
            Self::Person(did) => did.write(sql),
            Self::Listed(listed) => listed.write(sql),
            // Everybody or nobody would be a wrong number.
            Self::Cohort(_) => drop(sql.text("throwIf(1, 'a cohort was not looked up')")),
        }
    }
}

/// Reads the JSON form.
///
/// # Errors
/// Names the place and what is wrong there.
pub fn read(json: &Value, place: &str, around: Around<'_>) -> Result<PersonFilter, QueryError> {
    let mut count = 0;
    read_with(json, place, |of, at| {
        count += 1;
        if count > BEHAVIOURS_MAX {
            let message = format!("it asks {count} times what persons did, at most {BEHAVIOURS_MAX} are allowed");
            return Err(QueryError::invalid(place, message));
        }
        Ok(match of {
            OfPerson::Did(json) => {
                DidJson::read(json, at)?.check(at, around)?.map(&mut |did: &Did| Of::Person(Box::new(did.clone())))
            }
            OfPerson::Cohort(json) => Tree::Leaf(Of::Cohort(Named::read(json, at)?)),
        })
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
            Of::Event(_) | Of::Listed(_) | Of::Cohort(_) => of.clone(),
        })
    }

    /// The names of cohorts in it.
    #[must_use]
    pub fn cohorts(&self) -> Vec<String> {
        let name = |of: &Of| if let Of::Cohort(named) = of { Some(named.name.clone()) } else { None };
        self.leaves().into_iter().filter_map(name).collect()
    }

    /// How often it asks about persons.
    #[must_use]
    pub fn behaviours(&self) -> usize {
        self.leaves().into_iter().filter(|of| !matches!(of, Of::Event(_))).count()
    }

    /// The same, if it is about events alone; `None` if it is about persons as well.
    #[must_use]
    pub fn if_of_events(&self) -> Option<Filter> {
        let event = |of: &Of| match of {
            Of::Event(condition) => Ok(condition.clone()),
            Of::Person(_) | Of::Listed(_) | Of::Cohort(_) => Err(()),
        };
        self.try_map(&mut { event }).ok()
    }
}

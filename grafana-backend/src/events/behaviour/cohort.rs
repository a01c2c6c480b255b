//! The condition that a cohort stands for.

use serde_json::Value;

use super::{
    filter::{BEHAVIOURS_MAX, Of, PersonFilter, read},
    model::{Around, Listed},
};
use crate::{
    cohorts::{Cohort, Stored},
    error::QueryError,
    events::filter::tree::Tree,
    linked::Links,
};

/// A filter with what its cohorts stand for, and with what makes persons of visitors.
///
/// # Errors
/// If there is no such cohort, its definition is wrong, or they ask more than a query may.
pub fn settled(
    filter: &PersonFilter,
    stored: &Stored,
    around: Around<'_>,
    links: Links,
) -> Result<PersonFilter, QueryError> {
    let filter = filter.try_grow(&mut |of| match of {
        Of::Cohort(named) => {
            let cohort = stored.named(&named.name, &named.place, around.project)?;
            content(cohort, around, links).map_err(|error| error.at(&named.place))
        }
        Of::Person(did) => Ok(Tree::Leaf(Of::Person(Box::new(did.linked(links))))),
        Of::Event(_) | Of::Listed(_) => Ok(Tree::Leaf(of.clone())),
    })?;
    let count = filter.behaviours();
    if count > BEHAVIOURS_MAX {
        let message =
            format!("with its cohorts, it asks {count} times what persons did, at most {BEHAVIOURS_MAX} are allowed");
        return Err(QueryError::invalid("filter", message));
    }
    Ok(filter)
}

/// Whoever is in a cohort, as a condition.
///
/// # Errors
/// Says what is wrong in the definition, at the place `cohort`.
pub fn content(cohort: &Cohort, around: Around<'_>, links: Links) -> Result<PersonFilter, QueryError> {
    if cohort.is_list() {
        let listed = Listed { list: cohort.list, project: around.project.to_owned(), links };
        return Ok(Tree::Leaf(Of::Listed(listed)));
    }
    let wrong = |message: String| {
        let name = &cohort.name;
        QueryError::invalid("cohort", format!("the definition of {name:?} is wrong: {message}"))
    };
    let json: Value =
        serde_json::from_str(&cohort.definition).map_err(|error| wrong(format!("it is not JSON: {error}")))?;
    let definition = read(&json, "filter", around).map_err(|error| wrong(error.to_string()))?;
    if definition.is_empty() {
        return Err(wrong("it says nothing".to_owned()));
    }
    definition.try_map(&mut |of| match of {
        Of::Person(did) => Ok(Of::Person(Box::new(did.linked(links)))),
        Of::Cohort(named) => Err(wrong(format!("{}: a cohort is not defined by another", named.place))),
        Of::Event(condition) => {
            let field = condition.dimension.title();
            Err(wrong(format!("{field} is of single events, and stands within did, in its events' filter")))
        }
        // No JSON says so.
        Of::Listed(_) => Ok(of.clone()),
    })
}

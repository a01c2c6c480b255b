//! Cohorts as a frame.

use crate::{
    cohorts::Cohort,
    frame::{Column, Frame},
    numbers::integer,
};

/// A cohort, and how large it is.
pub struct Counted {
    /// Which.
    pub cohort: Cohort,
    /// Persons in it, and those of them who did anything within the range.
    pub size: Option<(u64, u64)>,
    /// Visitors on its list.
    pub members: Option<u64>,
    /// Why it cannot be counted.
    pub problem: Option<String>,
}

/// A row a cohort.
pub fn frame(cohorts: &[Counted]) -> Frame {
    let mut frame = Frame::new("cohorts");
    let strings = |of: &dyn Fn(&Counted) -> Option<String>| cohorts.iter().map(of).collect();
    let numbers = |of: &dyn Fn(&Counted) -> Option<u64>| cohorts.iter().map(|one| of(one).map(integer)).collect();
    frame.push(Column::string("cohort", strings(&|one| Some(one.cohort.name.clone()))));
    frame.push(Column::string("kind", strings(&|one| Some(one.cohort.kind().to_owned()))));
    frame.push(Column::integer("persons", numbers(&|one| one.size.map(|(persons, _)| persons))));
    frame.push(Column::integer("active", numbers(&|one| one.size.map(|(_, active)| active))));
    frame.push(Column::integer("members", numbers(&|one| one.members)));
    frame.push(Column::string("description", strings(&|one| Some(one.cohort.description.clone()))));
    frame.push(Column::time("changed", cohorts.iter().map(|one| Some(one.cohort.changed_ms)).collect()));
    frame.push(Column::string("problem", strings(&|one| Some(one.problem.clone().unwrap_or_default()))));
    frame
}

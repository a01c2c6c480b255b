//! Which events are meant, as a tree of tests on columns and properties. Ad hoc filters and
//! dashboard variables are nodes of this tree, never text of a statement.

pub mod ad_hoc;
pub mod json;
pub mod like;
pub mod read;
pub mod test;
pub mod tree;
mod values;

/// A tree of tests of the event itself.
pub type Filter = tree::Tree<test::Condition>;

//! Events as every question sees them: which are meant, whose they are, and what splits them.

pub mod actor;
pub mod behaviour;
pub mod breakdown;
pub mod dimension;
pub mod entry;
pub mod event_filter;
pub mod filter;
pub mod one_of;
pub mod path_rules;
pub mod reading;

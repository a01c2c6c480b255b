//! A result split by the values of a dimension.

use super::dimension::Dimension;
use crate::{
    check::{at_most, within},
    error::QueryError,
};

/// Values of a breakdown that are shown by themselves; the rest is one.
pub const BREAKDOWN_MAX: u32 = 100;
/// Those of a breakdown that names no limit.
pub const BREAKDOWN_DEFAULT: u32 = 10;
/// Dimensions beside the first.
pub const AND_MAX: usize = 3;

/// By what a result is split, and into how many values.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// By what.
    pub dimension: Dimension,
    /// How many values are shown by themselves; the rest is one.
    pub limit: u32,
}

impl Breakdown {
    /// Of a query's `breakdown`; `and` are further dimensions.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn read(dimension: &str, and: &[String], limit: u32) -> Result<Self, QueryError> {
        at_most("breakdown.and", and.len(), AND_MAX)?;
        // The first is checked by itself, so that an error has its place.
        Dimension::parse(dimension).map_err(|e| e.at("breakdown.dimension"))?;
        let all = std::iter::once(dimension).chain(and.iter().map(String::as_str));
        let dimension = Dimension::parse_all(all).map_err(|e| e.at("breakdown.and"))?;
        let limit = within("breakdown.limit", limit, 1..=BREAKDOWN_MAX)?;
        Ok(Self { dimension, limit })
    }
}

//! A result split by the values of a dimension.

use super::dimension::Dimension;
use crate::{check::within, error::QueryError};

/// Values of a breakdown that are shown by themselves; the rest is one.
pub const BREAKDOWN_MAX: u32 = 100;
/// Those of a breakdown that names no limit.
pub const BREAKDOWN_DEFAULT: u32 = 10;

/// By what a result is split, and into how many values.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// By what.
    pub dimension: Dimension,
    /// How many values are shown by themselves; the rest is one.
    pub limit: u32,
}

impl Breakdown {
    /// Of a query's `breakdown`.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn read(dimension: &str, limit: u32) -> Result<Self, QueryError> {
        let dimension = Dimension::parse(dimension).map_err(|e| e.at("breakdown.dimension"))?;
        let limit = within("breakdown.limit", limit, 1..=BREAKDOWN_MAX)?;
        Ok(Self { dimension, limit })
    }
}

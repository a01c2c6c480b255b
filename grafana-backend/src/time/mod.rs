//! Time as panels ask for it: a range, its buckets in the viewer's zone, and the range that it is
//! compared with.

pub mod buckets;
pub mod comparison;
pub mod range;
pub mod unit;
pub mod zone;

//! The form of a row that leaves.

use vector_lib::configurable::configurable_component;

/// In which form a row leaves.
#[configurable_component]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum OutputForm {
    /// A field a column, as the `clickhouse` sink and `remap` take them.
    #[default]
    Columns,

    /// A line of ClickHouse's format JSONEachRow in the field `message`, for a sink that sends it as it
    /// is: the `http` sink with the codec `raw_message`. It takes half the time and memory.
    JsonLine,
}

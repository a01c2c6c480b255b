//! The output format of a row.

use vector_lib::configurable::configurable_component;

/// The output format of a row.
#[configurable_component]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum OutputForm {
    /// One field per column, for the `clickhouse` sink and `remap`.
    #[default]
    Columns,

    /// A line in ClickHouse's JSONEachRow format in the field `message`, for a sink that sends it
    /// unchanged: the `http` sink with the codec `raw_message`. Takes half the time and memory.
    JsonLine,
}

//! Data frames, as Grafana draws, alerts on and exports them.
//!
//! A frame is a table of named columns; `arrow.rs` is the one place that knows how it is sent.

mod alerting;
mod arrow;

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A table of named columns.
#[derive(Debug)]
pub struct Frame {
    name: &'static str,
    columns: Vec<Column>,
    executed: String,
    notice: Option<Notice>,
    meta: serde_json::Map<String, Value>,
}

/// A sentence that Grafana shows at the panel's corner.
#[derive(Debug, Clone, Copy)]
struct Notice {
    severity: &'static str,
    text: &'static str,
}

/// One column; `None` is null.
#[derive(Debug, Clone)]
pub struct Column {
    name: String,
    unit: Option<&'static str>,
    labels: BTreeMap<String, String>,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Time(Vec<Option<i64>>),
    String(Vec<Option<String>>),
    Integer(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
}

impl Frame {
    /// An empty frame.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, columns: Vec::new(), executed: String::new(), notice: None, meta: serde_json::Map::new() }
    }

    /// Appends a column; all have the same number of rows.
    pub fn push(&mut self, column: Column) {
        self.columns.push(column);
    }

    /// Notes the statement for Grafana's inspector.
    #[must_use]
    pub fn with_executed(mut self, sql: String) -> Self {
        self.executed = sql;
        self
    }

    /// Adds a sentence that Grafana shows at the panel's corner.
    #[must_use]
    pub fn with_notice(mut self, text: &'static str) -> Self {
        self.notice = Some(Notice { severity: "info", text });
        self
    }

    /// The same, for what the numbers lack.
    #[must_use]
    pub fn with_warning(mut self, text: &'static str) -> Self {
        self.notice = Some(Notice { severity: "warning", text });
        self
    }

    /// Adds to what Grafana hands to panels beside the data: `custom`, `channel`,
    /// `preferredVisualisationType`.
    #[must_use]
    pub fn with_meta(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.meta.insert(name.to_owned(), value.into());
        self
    }

    /// About how much memory it takes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.executed.len() + self.columns.iter().map(Column::size_bytes).sum::<usize>()
    }

    /// Grafana's JSON form, as it is sent over Grafana Live: it wants the schema before the data.
    #[must_use]
    pub fn to_json(&self) -> String {
        let fields: Vec<Value> = self.columns.iter().map(Column::schema_json).collect();
        let values: Vec<Value> = self.columns.iter().map(Column::values_json).collect();
        let (schema, data) = (json!({"name": self.name, "fields": fields}), json!({"values": values}));
        format!(r#"{{"schema":{schema},"data":{data}}}"#)
    }

    /// The values of a column, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn column_json(&self, name: &str) -> Value {
        self.columns.iter().find(|column| column.name == name).map_or(Value::Null, Column::values_json)
    }
}

impl Column {
    /// Instants, given in milliseconds since 1970 UTC.
    #[must_use]
    pub fn time(name: &str, values: Vec<Option<i64>>) -> Self {
        Self::of(name, Values::Time(values))
    }

    /// Strings.
    #[must_use]
    pub fn string(name: &str, values: Vec<Option<String>>) -> Self {
        // Without it Grafana shows a string of digits, such as a visitor's id, as a rounded number.
        Self::of(name, Values::String(values)).with_unit("string")
    }

    /// Integers.
    #[must_use]
    pub fn integer(name: &str, values: Vec<Option<i64>>) -> Self {
        Self::of(name, Values::Integer(values))
    }

    /// Numbers.
    #[must_use]
    pub fn number(name: &str, values: Vec<Option<f64>>) -> Self {
        Self::of(name, Values::Number(values))
    }

    /// Sets the unit, by Grafana's name of it.
    #[must_use]
    pub fn with_unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Says which of several series this one is.
    #[must_use]
    pub fn with_label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    fn size_bytes(&self) -> usize {
        match &self.values {
            Values::Time(values) | Values::Integer(values) => size_of_val(values.as_slice()),
            Values::Number(values) => size_of_val(values.as_slice()),
            Values::String(values) => {
                values.iter().map(|string| size_of::<String>() + string.as_ref().map_or(0, String::len)).sum()
            }
        }
    }

    fn schema_json(&self) -> Value {
        let (kind, frame) = match &self.values {
            Values::Time(_) => ("time", "time.Time"),
            Values::String(_) => ("string", "string"),
            Values::Integer(_) => ("number", "int64"),
            Values::Number(_) => ("number", "float64"),
        };
        let nullable = !matches!(self.values, Values::Time(_));
        let config = self.unit.map_or_else(|| json!({}), |unit| json!({"unit": unit}));
        json!({"name": self.name, "type": kind, "typeInfo": {"frame": frame, "nullable": nullable}, "labels": self.labels, "config": config})
    }

    fn values_json(&self) -> Value {
        match &self.values {
            Values::Time(values) | Values::Integer(values) => json!(values),
            Values::String(values) => json!(values),
            Values::Number(values) => json!(values),
        }
    }

    fn of(name: &str, values: Values) -> Self {
        Self { name: name.to_owned(), unit: None, labels: BTreeMap::new(), values }
    }
}

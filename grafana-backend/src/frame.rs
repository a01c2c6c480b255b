//! Data frames in Arrow's IPC form, as Grafana reads them.
//!
//! The SDK's own frames drop a field's labels as soon as it has a configuration, and
//! give their Arrow form to nobody but its own router, so this encodes them itself.

use std::collections::BTreeMap;

use grafana_plugin_sdk::arrow2::{
    array::{Array, Float64Array, Int64Array, Utf8Array},
    chunk::Chunk,
    datatypes::{DataType, Field, Schema, TimeUnit},
    io::ipc::write::{FileWriter, WriteOptions},
};
use serde_json::{Value, json};

use crate::error::QueryError;

/// A table of named columns.
#[derive(Debug)]
pub struct Frame {
    name: &'static str,
    columns: Vec<Column>,
    executed: String,
    notice: Option<&'static str>,
    meta: serde_json::Map<String, Value>,
}

/// One column; `None` is null.
#[derive(Debug)]
pub struct Column {
    name: String,
    unit: Option<&'static str>,
    labels: BTreeMap<String, String>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Time(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Whole(Vec<Option<i64>>),
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
    pub fn with_notice(mut self, notice: &'static str) -> Self {
        self.notice = Some(notice);
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

    /// The Arrow form.
    ///
    /// # Errors
    /// Only if the columns differ in length, which is a defect.
    pub fn encode(&self, ref_id: &str) -> Result<Vec<u8>, QueryError> {
        let failed = |e: grafana_plugin_sdk::arrow2::error::Error| QueryError::Encoding(e.to_string());
        let fields: Vec<Field> = self.columns.iter().map(Column::field).collect();
        let notices: Vec<_> = self.notice.iter().map(|text| json!({"severity": "info", "text": text})).collect();
        let mut meta = self.meta.clone();
        meta.insert("executedQueryString".to_owned(), self.executed.as_str().into());
        meta.insert("notices".to_owned(), notices.into());
        let meta = Value::Object(meta);
        let metadata = [("name", self.name.to_owned()), ("refId", ref_id.to_owned()), ("meta", meta.to_string())];
        let metadata: BTreeMap<String, String> = metadata.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let schema = Schema { fields, metadata };
        let chunk = Chunk::try_new(self.columns.iter().map(Column::array).collect()).map_err(failed)?;
        let mut buffer = Vec::new();
        let mut writer = FileWriter::try_new(&mut buffer, schema, None, WriteOptions::default()).map_err(failed)?;
        writer.write(&chunk, None).map_err(failed)?;
        writer.finish().map_err(failed)?;
        drop(writer);
        Ok(buffer)
    }
}

impl Column {
    /// Instants, given in milliseconds since 1970 UTC.
    #[must_use]
    pub fn time(name: &str, values: Vec<Option<i64>>) -> Self {
        Self::of(name, Values::Time(values))
    }

    /// Texts.
    #[must_use]
    pub fn text(name: &str, values: Vec<Option<String>>) -> Self {
        // Without it Grafana shows a text of digits, such as a visitor's id, as a rounded number.
        Self::of(name, Values::Text(values)).with_unit("string")
    }

    /// Whole numbers.
    #[must_use]
    pub fn whole(name: &str, values: Vec<Option<i64>>) -> Self {
        Self::of(name, Values::Whole(values))
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
            Values::Time(values) | Values::Whole(values) => size_of_val(values.as_slice()),
            Values::Number(values) => size_of_val(values.as_slice()),
            Values::Text(values) => {
                values.iter().map(|text| size_of::<String>() + text.as_ref().map_or(0, String::len)).sum()
            }
        }
    }

    fn schema_json(&self) -> Value {
        let (kind, frame) = match &self.values {
            Values::Time(_) => ("time", "time.Time"),
            Values::Text(_) => ("string", "string"),
            Values::Whole(_) => ("number", "int64"),
            Values::Number(_) => ("number", "float64"),
        };
        let nullable = !matches!(self.values, Values::Time(_));
        let config = self.unit.map_or_else(|| json!({}), |unit| json!({"unit": unit}));
        json!({"name": self.name, "type": kind, "typeInfo": {"frame": frame, "nullable": nullable}, "labels": self.labels, "config": config})
    }

    fn values_json(&self) -> Value {
        match &self.values {
            Values::Time(values) | Values::Whole(values) => json!(values),
            Values::Text(values) => json!(values),
            Values::Number(values) => json!(values),
        }
    }

    fn of(name: &str, values: Values) -> Self {
        Self { name: name.to_owned(), unit: None, labels: BTreeMap::new(), values }
    }

    fn field(&self) -> Field {
        let kind = match &self.values {
            Values::Time(_) => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Values::Text(_) => DataType::Utf8,
            Values::Whole(_) => DataType::Int64,
            Values::Number(_) => DataType::Float64,
        };
        let mut metadata = BTreeMap::from([("name".to_owned(), self.name.clone())]);
        if let Some(unit) = self.unit {
            metadata.insert("config".to_owned(), json!({"unit": unit}).to_string());
        }
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), json!(self.labels).to_string());
        }
        // Grafana's alerting and transformations want a time column without nulls.
        let nullable = !matches!(self.values, Values::Time(_));
        Field::new(&self.name, kind, nullable).with_metadata(metadata)
    }

    fn array(&self) -> Box<dyn Array> {
        match &self.values {
            Values::Time(values) => {
                let ns: Vec<Option<i64>> = values.iter().map(|v| v.map(|ms| ms.saturating_mul(1_000_000))).collect();
                Int64Array::from(ns).to(DataType::Timestamp(TimeUnit::Nanosecond, None)).boxed()
            }
            Values::Text(values) => Utf8Array::<i32>::from(values).boxed(),
            Values::Whole(values) => Int64Array::from(values).boxed(),
            Values::Number(values) => Float64Array::from(values).boxed(),
        }
    }
}

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
use serde_json::json;

use crate::error::QueryError;

/// A table of named columns.
#[derive(Debug)]
pub struct Frame {
    name: &'static str,
    columns: Vec<Column>,
    executed: String,
    notice: Option<&'static str>,
}

/// One column; `None` is null.
#[derive(Debug)]
pub struct Column {
    name: String,
    unit: Option<&'static str>,
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
        Self { name, columns: Vec::new(), executed: String::new(), notice: None }
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

    /// The Arrow form.
    ///
    /// # Errors
    /// Only if the columns differ in length, which is a defect.
    pub fn encode(&self, ref_id: &str) -> Result<Vec<u8>, QueryError> {
        let failed = |e: grafana_plugin_sdk::arrow2::error::Error| QueryError::Encoding(e.to_string());
        let fields: Vec<Field> = self.columns.iter().map(Column::field).collect();
        let notices: Vec<_> = self.notice.iter().map(|text| json!({"severity": "info", "text": text})).collect();
        let meta = json!({"executedQueryString": self.executed, "notices": notices});
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
        Self::of(name, Values::Text(values))
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

    fn of(name: &str, values: Values) -> Self {
        Self { name: name.to_owned(), unit: None, values }
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

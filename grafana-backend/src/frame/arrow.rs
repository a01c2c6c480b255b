//! A frame in Arrow's IPC form. With `protocol.rs` the only file that reaches into the SDK.
//!
//! The SDK's own frames drop a field's labels as soon as it has a configuration, and
//! give their Arrow form to nobody but its own router, so this encodes them itself.

use std::collections::BTreeMap;

use grafana_plugin_sdk::arrow2::{
    array::{Array, Float64Array, Int64Array, Utf8Array},
    chunk::Chunk,
    datatypes::{DataType, Field, Schema, TimeUnit},
    error::Error,
    io::ipc::write::{FileWriter, WriteOptions},
};
use serde_json::{Value, json};

use super::{Column, Frame, Values};
use crate::error::QueryError;

impl Frame {
    /// The Arrow form.
    ///
    /// # Errors
    /// Only if the columns differ in length, which is a defect.
    pub fn encode(&self, ref_id: &str) -> Result<Vec<u8>, QueryError> {
        let failed = |e: Error| QueryError::Encoding(e.to_string());
        let fields: Vec<Field> = self.columns.iter().map(Column::field).collect();
        let notices = self.notice.iter();
        let notices: Vec<_> = notices.map(|notice| json!({"severity": notice.severity, "text": notice.text})).collect();
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
    fn field(&self) -> Field {
        let kind = match &self.values {
            Values::Time(_) => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Values::String(_) => DataType::Utf8,
            Values::Integer(_) => DataType::Int64,
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
            Values::String(values) => Utf8Array::<i32>::from(values).boxed(),
            Values::Integer(values) => Int64Array::from(values).boxed(),
            Values::Number(values) => Float64Array::from(values).boxed(),
        }
    }
}

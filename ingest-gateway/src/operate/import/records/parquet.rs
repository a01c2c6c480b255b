//! Rows of a Parquet file of `export`, read here and not by ClickHouse: so it is known whose they
//! are before the first is stored, how many were read, and where an import was cut off.

use std::{fs::File, path::Path, sync::Arc};

use anyhow::{Context, bail, ensure};
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row, reader::RowIter},
    schema::types::Type,
};
use serde::{Serialize, Serializer, ser::Error};
use vector_components::timestamp;

use super::{Content, Record};
use crate::operate::import::dropped::Place;

/// What tells an export of events from another file.
const COLUMNS: [&str; 4] = ["project", "ts", "visitor", "event_id"];

/// The rows of an open file.
pub struct Rows {
    rows: RowIter<'static>,
    row: u64,
}

impl Rows {
    /// Opens a file; one that holds another project's events is refused as a whole.
    pub fn open(path: &Path, project: &str) -> anyhow::Result<Self> {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let reader =
            SerializedFileReader::new(file).with_context(|| format!("{name} is not a complete Parquet file"))?;
        let schema = reader.metadata().file_metadata().schema_descr().root_schema().clone();
        for column in COLUMNS {
            let is_there = schema.get_fields().iter().any(|field| field.name() == column);
            ensure!(is_there, "{name} has no column {column}: is it a file of `ingest-gateway export`?");
        }
        if let Some(other) = other_project(&reader, &schema, project)? {
            bail!("{name} holds events of the project {other}, and --project is {project}: nothing was imported");
        }
        Ok(Self { rows: RowIter::from_file_into(Box::new(reader)), row: 0 })
    }

    /// The next row.
    pub fn next(&mut self) -> anyhow::Result<Option<Record>> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        self.row += 1;
        let row = row.with_context(|| format!("row {} cannot be read", self.row))?;
        let json = serde_json::to_vec(&Json(&row)).with_context(|| format!("row {}", self.row))?;
        Ok(Some(Record { place: Place::Row(self.row), content: Content::Row(json) }))
    }
}

/// The first project in the file that is not `project`.
fn other_project(reader: &dyn FileReader, schema: &Type, project: &str) -> anyhow::Result<Option<String>> {
    let column: Vec<Arc<Type>> =
        schema.get_fields().iter().filter(|field| field.name() == "project").cloned().collect();
    let only = Type::group_type_builder(schema.name()).with_fields(column).build()?;
    for row in reader.get_row_iter(Some(only))? {
        match row?.into_columns().pop() {
            Some((_, Field::Str(of))) if of == project => {}
            Some((_, Field::Str(of))) => return Ok(Some(of)),
            _ => bail!("the column project holds something that is no text"),
        }
    }
    Ok(None)
}

/// A row as JSON, in the file's order: a map's entries keep theirs.
struct Json<'a>(&'a Row);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.get_column_iter().map(|(name, field)| (name, Value(field))))
    }
}

/// A value, as ClickHouse reads it out of JSON.
struct Value<'a>(&'a Field);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Field::Null => serializer.serialize_unit(),
            Field::Bool(value) => serializer.serialize_bool(*value),
            Field::Byte(value) => serializer.serialize_i8(*value),
            Field::Short(value) => serializer.serialize_i16(*value),
            Field::Int(value) => serializer.serialize_i32(*value),
            Field::Long(value) => serializer.serialize_i64(*value),
            Field::UByte(value) => serializer.serialize_u8(*value),
            Field::UShort(value) => serializer.serialize_u16(*value),
            Field::UInt(value) => serializer.serialize_u32(*value),
            Field::ULong(value) => serializer.serialize_u64(*value),
            Field::Float(value) => serializer.serialize_f32(*value),
            Field::Double(value) => serializer.serialize_f64(*value),
            Field::Decimal(_) => serializer.collect_str(self.0),
            Field::Str(text) => serializer.serialize_str(text),
            Field::Bytes(bytes) => serializer.serialize_str(bytes.as_utf8().map_err(S::Error::custom)?),
            Field::TimestampMillis(ms) => timestamp::to_clickhouse(*ms).serialize(serializer),
            Field::TimestampMicros(us) => timestamp::to_clickhouse(us.div_euclid(1_000)).serialize(serializer),
            Field::ListInternal(list) => serializer.collect_seq(list.elements().iter().map(Value)),
            Field::MapInternal(map) => {
                serializer.collect_map(map.entries().iter().map(|(name, value)| (Value(name), Value(value))))
            }
            Field::Group(row) => Json(row).serialize(serializer),
            Field::Float16(_) | Field::Date(_) | Field::TimeMillis(_) | Field::TimeMicros(_) => {
                Err(S::Error::custom(format!("no column of events has the type of {}", self.0)))
            }
        }
    }
}

//! The columns of `analytics.events`, defined once. [`Row`], its two serializations and [`COLUMNS`] are
//! generated from this table; the migrations, the seed, the data source's dimensions and docs/events.md
//! are tested against it. A new column needs a line here, a line in [`Enriched::row`] with its value, a
//! migration and a line in the docs.
//!
//! [`Enriched::row`]: crate::enrich::Enriched::row

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{UrlRest, value::ColumnValue};
use crate::{details::Details, timestamp::Written};

/// A column of `analytics.events` that is inserted; those that ClickHouse computes (`ALIAS`) are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: in the table, in [`Row`] and in JSON.
    pub name: &'static str,
    /// Its type, as ClickHouse spells it.
    pub clickhouse_type: &'static str,
    /// When it is written.
    pub presence: Presence,
    /// How it is read.
    pub role: Role,
}

/// When a column is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In every row: the table's key, and what distinguishes a row from other JSON.
    Always,
    /// Unless it is empty or zero, which is ClickHouse's default for an absent column.
    NotEmpty,
}

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Results can be broken down by its values.
    Dimension,
    /// Anything else: it identifies, counts or describes a single event.
    Value,
}

/// A string with few distinct values.
const DICTIONARY: &str = "LowCardinality(String)";

/// Generates [`Row`], its JSON and [`COLUMNS`] from a table: name, Rust type, ClickHouse type,
/// [`Presence`], [`Role`].
macro_rules! columns {
    ($($name:ident: $rust:ty, $clickhouse:expr, $presence:ident, $role:ident;)*) => {
        /// An enriched event as it is stored, one field per column. Unknown values are empty.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "docs/events.md describes each column; the names are the columns' names")]
        pub struct Row<'a> {
            $(pub $name: $rust,)*
        }

        /// Every column, in the table's order.
        pub const COLUMNS: [Column; [$(stringify!($name)),*].len()] = [$(Column {
            name: stringify!($name),
            clickhouse_type: $clickhouse,
            presence: Presence::$presence,
            role: Role::$role,
        }),*];

        impl Row<'_> {
            /// Appends the row as an object of `FORMAT JSONEachRow`.
            pub fn write_json(&self, out: &mut Vec<u8>) {
                let start = out.len();
                $(if matches!(Presence::$presence, Presence::Always) || !self.$name.is_empty() {
                    out.extend_from_slice(concat!(",\"", stringify!($name), "\":").as_bytes());
                    self.$name.write_json(out);
                })*
                // The first comma becomes the opening brace.
                out[start] = b'{';
                out.push(b'}');
            }
        }

        /// The same as a structure, for other serializers than JSON.
        impl Serialize for Row<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut fields = serializer.serialize_struct("Row", COLUMNS.len())?;
                $(if matches!(Presence::$presence, Presence::Always) || !self.$name.is_empty() {
                    fields.serialize_field(stringify!($name), &self.$name)?;
                })*
                fields.end()
            }
        }

        #[cfg(test)]
        impl<'a> Row<'a> {
            /// A row of arbitrary values, for tests.
            pub fn sample(values: &mut super::sample::Values<'a>) -> Self {
                Self { $($name: super::sample::Sample::sample(values),)* }
            }
        }
    };
}

columns! {
//  column             in Rust                  in ClickHouse                           presence   role
    project:           &'a str,                 DICTIONARY,                             Always,    Value;
    ts:                Written,                 "DateTime64(3, 'UTC')",                 Always,    Value;
    event:             &'a str,                 DICTIONARY,                             Always,    Dimension;
    visitor:           u64,                     "UInt64",                               Always,    Value;
    session_id:        &'a str,                 "String",                               NotEmpty,  Value;
    event_id:          u64,                     "UInt64",                               Always,    Value;
    tie_order:         u16,                     "UInt16",                               NotEmpty,  Value;
    user_id:           &'a str,                 "String",                               NotEmpty,  Dimension;
    anonymous_id:      &'a str,                 "String",                               NotEmpty,  Value;
    path:              &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    hostname:          &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    url_rest:          UrlRest<'a>,             "String",                               NotEmpty,  Value;
    title:             &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    referrer:          &'a str,                 "String",                               NotEmpty,  Value;
    referrer_host:     &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    referrer_source:   &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    channel:           &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    utm_source:        &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    utm_medium:        &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    utm_campaign:      &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    utm_term:          &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    utm_content:       &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    locale:            &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    app_version:       &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    browser:           &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    browser_version:   &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    os:                &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    os_version:        &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    device_type:       &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    device_brand:      &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    device_model:      &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    bot:               &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    bot_score:         u8,                      "UInt8",                                NotEmpty,  Value;
    bot_reasons:       &'a [&'static str],      "Array(LowCardinality(String))",        NotEmpty,  Value;
    country:           &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    region:            &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    city:              &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    latitude:          f32,                     "Float32",                              NotEmpty,  Value;
    longitude:         f32,                     "Float32",                              NotEmpty,  Value;
    asn:               u32,                     "UInt32",                               NotEmpty,  Value;
    as_organization:   &'a str,                 DICTIONARY,                             NotEmpty,  Dimension;
    screen_width:      u16,                     "UInt16",                               NotEmpty,  Value;
    screen_height:     u16,                     "UInt16",                               NotEmpty,  Value;
    revenue_amount:    f64,                     "Decimal(18, 4)",                       NotEmpty,  Value;
    revenue_currency:  &'a str,                 DICTIONARY,                             NotEmpty,  Value;
    properties:        &'a Details<'a>,         "Map(LowCardinality(String), String)",  NotEmpty,  Value;
    delay_s:           i32,                     "Int32",                                NotEmpty,  Value;
    clock_skew_s:      i32,                     "Int32",                                NotEmpty,  Value;
}

/// The column of this name.
#[must_use]
pub fn column(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{super::sample::Values, *};

    proptest! {
        /// For any row, the JSON equals what serde_json writes.
        #[test]
        fn a_row_is_what_serde_writes(texts in prop::collection::vec("(?s).{0,24}", 8), numbers in prop::collection::vec(any::<u64>(), 1..40)) {
            let row = Row::sample(&mut Values::new(&texts, &numbers));
            let mut written = b"before".to_vec();
            row.write_json(&mut written);
            let derived = serde_json::to_vec(&row).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Value>(&written[6..]).unwrap(), serde_json::from_slice::<Value>(&derived).unwrap());
        }
    }

    #[test]
    fn an_empty_row_says_only_what_it_always_says() {
        let row = Row::sample(&mut Values::new(&[], &[]));
        let row = serde_json::to_value(&row).unwrap();
        let mut written: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let mut always: Vec<&str> =
            COLUMNS.iter().filter(|column| column.presence == Presence::Always).map(|column| column.name).collect();
        written.sort_unstable();
        always.sort_unstable();
        assert_eq!(written, always);
        assert_eq!(always, ["event", "event_id", "project", "ts", "visitor"]);
    }

    #[test]
    fn every_column_is_documented() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.md");
        let docs = std::fs::read_to_string(docs).unwrap();
        let (_, docs) = docs.split_once("## In ClickHouse: `analytics.events`").unwrap();
        let missing: Vec<&str> =
            COLUMNS.iter().map(|column| column.name).filter(|name| !docs.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "docs/events.md does not say what they hold: {missing:?}");
    }
}

//! The columns by which results can be split: a closed list, plus the properties.

use crate::{error::QueryError, sql::Sql};

/// What a result is split by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// A column of `analytics.events`.
    Column(&'static str),
    /// A property, by name.
    Property(String),
}

/// The columns, by the name that a query uses.
pub const COLUMNS: [&str; 27] = [
    "country",
    "region",
    "city",
    "path",
    "hostname",
    "browser",
    "browser_version",
    "os",
    "os_version",
    "device_type",
    "device_brand",
    "device_model",
    "locale",
    "event",
    "referrer_host",
    "referrer_source",
    "channel",
    "bot",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "app_version",
    "user_id",
    "title",
    "as_organization",
];
const PROPERTY_PREFIX: &str = "property:";
const PROPERTY_BYTES_MAX: usize = 128;

impl Dimension {
    /// Reads a column's name, or `property:<name>`.
    ///
    /// # Errors
    /// Lists what there is.
    pub fn parse(name: &str) -> Result<Self, QueryError> {
        if let Some(property) = name.strip_prefix(PROPERTY_PREFIX) {
            if property.is_empty() || property.len() > PROPERTY_BYTES_MAX {
                let message = format!("a property's name has 1 to {PROPERTY_BYTES_MAX} bytes, not {}", property.len());
                return Err(QueryError::invalid("dimension", message));
            }
            return Ok(Self::Property(property.to_owned()));
        }
        let known = COLUMNS.iter().find(|column| **column == name);
        known.map(|column| Self::Column(column)).ok_or_else(|| {
            let all = COLUMNS.join(", ");
            QueryError::invalid("dimension", format!("{name:?} is not known: property:<name> or one of {all}"))
        })
    }

    /// Appends the expression.
    pub fn write(&self, sql: &mut Sql) {
        match self {
            Self::Column(column) => sql.text("toString(").text(column).text(")"),
            Self::Property(name) => sql.text("properties[").string(name).text("]"),
        };
    }

    /// As [`Dimension::write`], as it is stored: comparing a dictionary's keys is faster.
    pub fn write_plain(&self, sql: &mut Sql) {
        match self {
            Self::Column(column) => drop(sql.text(column)),
            Self::Property(_) => self.write(sql),
        }
    }

    /// The name shown above the values.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Column(column) => column,
            Self::Property(name) => name,
        }
    }
}

//! The columns by which results can be split: a closed list, plus the properties.

use super::{
    entry::{ENTRY, Entries, EntryColumn},
    path_rules::PATH,
};
use crate::{error::QueryError, label::NONE, sql::Sql};

/// What a result is split by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// A column of `analytics.events`.
    Column(&'static str),
    /// A property, by name.
    Property(String),
    /// A column of the first event of the event's session.
    Entry(&'static EntryColumn),
    /// Several at once: a value is a list of theirs.
    Several(Several),
}

/// Two or more dimensions, none of them several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several {
    of: Vec<Dimension>,
    title: String,
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
const SESSION_PREFIX: &str = "session:";
/// Between the names and values of several.
const BETWEEN: &str = " / ";
const PROPERTY_BYTES_MAX: usize = 128;

impl Dimension {
    /// Reads a column's name, `property:<name>`, or `session:<column>`.
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
        if name.starts_with(SESSION_PREFIX) {
            let known = ENTRY.iter().find(|column| column.asked == name);
            return known.map(Self::Entry).ok_or_else(|| {
                let all = ENTRY.each_ref().map(|column| column.asked).join(", ");
                QueryError::invalid("dimension", format!("{name:?} is not known: of a session's first event {all}"))
            });
        }
        let known = COLUMNS.iter().find(|column| **column == name);
        known.map(|column| Self::Column(column)).ok_or_else(|| {
            let all = COLUMNS.join(", ");
            let message = format!("{name:?} is not known: property:<name>, session:<column> or one of {all}");
            QueryError::invalid("dimension", message)
        })
    }

    /// These, of which there is at least one; one alone is itself.
    ///
    /// # Errors
    /// Names the first that is not known.
    pub fn parse_all<'n>(names: impl Iterator<Item = &'n str>) -> Result<Self, QueryError> {
        let mut of: Vec<Self> = names.map(Self::parse).collect::<Result<_, _>>()?;
        match of.len() {
            1 => Ok(of.remove(0)),
            _ => {
                let title = of.iter().map(Self::title).collect::<Vec<_>>().join(BETWEEN);
                Ok(Self::Several(Several { of, title }))
            }
        }
    }

    /// Appends the expression.
    pub fn write(&self, sql: &mut Sql) {
        match self {
            Self::Column(column) => sql.text("toString(").text(column).text(")"),
            Self::Property(name) => sql.text("properties[").string(name).text("]"),
            Self::Entry(column) => sql.text(column.joined),
            // A list as JSON: no two lists have the same text.
            Self::Several(Several { of, .. }) => {
                for (at, dimension) in of.iter().enumerate() {
                    sql.text(if at == 0 { "toJSONString([" } else { ", " }).sub(|sql| dimension.write(sql));
                }
                sql.text("])")
            }
        };
    }

    /// Appends the condition that it has no value.
    pub fn write_is_empty(&self, sql: &mut Sql) {
        match self {
            Self::Several(Several { of, .. }) => {
                for (at, dimension) in of.iter().enumerate() {
                    sql.text(if at == 0 { "(" } else { " AND " }).sub(|sql| dimension.write_is_empty(sql));
                }
                sql.text(")");
            }
            _ => drop(sql.sub(|sql| self.write_plain(sql)).text(" = ''")),
        }
    }

    /// A value as it is shown: of several, theirs one after another.
    #[must_use]
    pub fn shown(&self, value: &str) -> String {
        let list = || serde_json::from_str::<Vec<String>>(value).ok();
        match self {
            Self::Several(_) => list().map_or_else(
                || value.to_owned(),
                |values| {
                    let named = values.iter().map(|value| if value.is_empty() { NONE } else { value });
                    named.collect::<Vec<_>>().join(BETWEEN)
                },
            ),
            _ => value.to_owned(),
        }
    }

    /// As [`Dimension::write`], as it is stored: comparing a dictionary's keys is faster.
    pub fn write_plain(&self, sql: &mut Sql) {
        match self {
            Self::Column(column) => drop(sql.text(column)),
            Self::Property(_) | Self::Entry(_) | Self::Several(_) => self.write(sql),
        }
    }

    /// What it reads of the session's entry, and of the event's page.
    #[must_use]
    pub fn entries(&self) -> Entries {
        match self {
            Self::Column(PATH) => Entries::PAGE,
            Self::Entry(column) => Entries::only(column),
            Self::Several(Several { of, .. }) => of.iter().map(Self::entries).collect(),
            Self::Column(_) | Self::Property(_) => Entries::default(),
        }
    }

    /// The name shown above the values.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Column(column) => column,
            Self::Property(name) => name,
            Self::Entry(column) => column.name,
            Self::Several(Several { title, .. }) => title,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_one_that_lists_their_values() {
        let dimension = Dimension::parse_all(["country", "property:plan"].into_iter()).unwrap();
        let mut sql = Sql::default();
        dimension.write(&mut sql);
        sql.text(" ");
        dimension.write_is_empty(&mut sql);
        assert_eq!(
            sql.as_text(),
            "toJSONString([toString(country), properties[{p0:String}]]) (country = '' AND properties[{p1:String}] = '')"
        );
        assert_eq!(dimension.title(), "country / plan");
        assert_eq!(dimension.shown(r#"["DE","a\/b"]"#), "DE / a/b");
        assert_eq!(dimension.shown(r#"["","pro"]"#), "(none) / pro");
        assert_eq!(Dimension::parse_all(["os"].into_iter()).unwrap(), Dimension::Column("os"));
        assert!(Dimension::parse_all(["os", "nope"].into_iter()).is_err());
    }
}

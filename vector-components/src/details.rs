//! An event's own properties: names and values, sorted by name, each name once.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

/// The properties. A list: events have few, and reading one needs no more than two pieces of
/// memory, or none for the strings when they are borrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Details<'a> {
    /// Of a name that comes twice, the last value stays.
    #[must_use]
    pub fn of_pairs(mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>) -> Self {
        last_of_each_name(&mut pairs);
        Self(pairs)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Name and value, in the names' order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// Every value for `change`, which may replace it.
    pub fn change_values(&mut self, mut change: impl FnMut(&str, &mut Cow<'a, str>)) {
        self.0.iter_mut().for_each(|(name, value)| change(name, value));
    }
}

/// Of a name that comes twice, the last value stays.
impl<'a> FromIterator<(Cow<'a, str>, Cow<'a, str>)> for Details<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(pairs: I) -> Self {
        Self::of_pairs(pairs.into_iter().collect())
    }
}

/// Sorts by name; of a name that comes twice, the last one sent stays.
pub(crate) fn last_of_each_name<T>(pairs: &mut Vec<(Cow<'_, str>, T)>) {
    if !pairs.is_sorted_by(|(a, _), (b, _)| a < b) {
        // Stable, so that the last of equal names is the last one sent.
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        pairs.reverse();
        pairs.dedup_by(|(a, _), (b, _)| a == b);
        pairs.reverse();
    }
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Details<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Map)
    }
}

/// A string that is borrowed where it can be; inside of other types serde copies without it.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Map;

impl<'de> Visitor<'de> for Map {
    type Value = Details<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Details<'de>, A::Error> {
        let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(8).min(64));
        while let Some((Text(name), Text(value))) = map.next_entry()? {
            pairs.push((name, value));
        }
        Ok(Details::of_pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted_and_the_last_of_a_name_counts() {
        let text = r#"{"b":"1","a":"2\n","b":"3"}"#;
        let details: Details<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(details.iter().collect::<Vec<_>>(), [("a", "2\n"), ("b", "3")]);
        assert_eq!((details.get("b"), details.get("c")), (Some("3"), None));
        assert_eq!(serde_json::to_string(&details).unwrap(), r#"{"a":"2\n","b":"3"}"#);
    }
}

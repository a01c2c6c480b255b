//! SQL from fixed text and bound values, and from nothing else: no run-time string can become
//! part of a statement's text.

use clickhouse::query::Query;

/// A statement in the making.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql {
    text: String,
    parameters: Vec<(String, Value)>,
}

/// A bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `String`.
    String(String),
    /// `Int64`.
    Int(i64),
    /// `Float64`.
    Float(f64),
    /// `Array(String)`.
    Strings(Vec<String>),
    /// `Array(Int64)`.
    Ints(Vec<i64>),
    /// `Array(UInt64)`.
    UInts(Vec<u64>),
}

impl Sql {
    /// A statement that begins with `text`.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), parameters: Vec::new() }
    }

    /// Appends fixed text; `'static` keeps run-time strings out.
    pub fn text(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a bound string.
    pub fn string(&mut self, value: &str) -> &mut Self {
        self.bind("String", Value::String(value.to_owned()))
    }

    /// Appends a bound string that the statement may need again: it is bound once, as the address of a request holds
    /// all values.
    pub fn shared_string(&mut self, value: &str) -> &mut Self {
        let is_same = |bound: &&(String, Value)| matches!(&bound.1, Value::String(known) if known == value);
        match self.parameters.iter().find(is_same) {
            Some((name, _)) => {
                self.text.push_str(&format!("{{{name}:String}}"));
                self
            }
            None => self.string(value),
        }
    }

    /// Appends a bound integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.bind("Int64", Value::Int(value))
    }

    /// Appends a bound list of strings.
    pub fn strings(&mut self, values: &[String]) -> &mut Self {
        self.bind("Array(String)", Value::Strings(values.to_vec()))
    }

    /// Appends a bound number.
    pub fn float(&mut self, value: f64) -> &mut Self {
        self.bind("Float64", Value::Float(value))
    }

    /// Appends a bound list of integers.
    pub fn ints(&mut self, values: &[i64]) -> &mut Self {
        self.bind("Array(Int64)", Value::Ints(values.to_vec()))
    }

    /// Appends a bound list of integers that are not negative, as hashes are.
    pub fn uints(&mut self, values: &[u64]) -> &mut Self {
        self.bind("Array(UInt64)", Value::UInts(values.to_vec()))
    }

    /// Lets `write` append its part, within a chain of appends.
    pub fn sub(&mut self, write: impl FnOnce(&mut Sql)) -> &mut Self {
        write(self);
        self
    }

    fn bind(&mut self, kind: &'static str, value: Value) -> &mut Self {
        let name = format!("p{}", self.parameters.len());
        self.text.push_str(&format!("{{{name}:{kind}}}"));
        self.parameters.push((name, value));
        self
    }

    /// The text and its values.
    #[must_use]
    pub fn into_parts(self) -> (String, Vec<(String, Value)>) {
        (self.text, self.parameters)
    }

    /// The same statement between fixed texts, such as `EXPLAIN ESTIMATE`.
    #[must_use]
    pub fn within(mut self, before: &'static str, after: &'static str) -> Self {
        self.text.insert_str(0, before);
        self.text.push_str(after);
        self
    }

    /// The values by name, for a person to read.
    #[must_use]
    pub fn values_json(&self) -> serde_json::Value {
        let each = self.parameters.iter().map(|(name, value)| (name.clone(), value.to_json()));
        serde_json::Value::Object(each.collect())
    }

    /// The text alone, as shown in Grafana's inspector: values stay out of it.
    #[must_use]
    pub fn as_text(&self) -> &str {
        &self.text
    }
}

impl Value {
    fn to_json(&self) -> serde_json::Value {
        match self {
            Value::String(string) => string.as_str().into(),
            Value::Int(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Strings(strings) => strings.as_slice().into(),
            Value::Ints(numbers) => numbers.as_slice().into(),
            Value::UInts(numbers) => numbers.as_slice().into(),
        }
    }

    /// Binds the value to `name`.
    pub fn bind(self, query: Query, name: &str) -> Query {
        match self {
            Value::String(string) => query.param(name, string),
            Value::Int(number) => query.param(name, number),
            Value::Float(number) => query.param(name, number),
            Value::Strings(strings) => query.param(name, strings),
            Value::Ints(numbers) => query.param(name, numbers),
            Value::UInts(numbers) => query.param(name, numbers),
        }
    }
}

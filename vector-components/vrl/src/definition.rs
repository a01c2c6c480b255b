//! Turns a plain function into a VRL function.

use std::{borrow::Cow, sync::Arc};

use vector_components::Enricher;
use vrl::prelude::*;

/// A VRL function.
#[derive(Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it does, for VRL's documentation.
    pub usage: &'static str,
    /// Why it can fail; empty if it cannot.
    pub failures: &'static [&'static str],
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// What it returns.
    pub returns: Returns,
    /// Usage examples, run as tests.
    pub examples: &'static [Example],
    /// The function itself.
    pub run: fn(&Enricher, &Arguments) -> Result<Value, String>,
}

/// The type of a function's result.
#[derive(Debug, Clone, Copy)]
pub enum Returns {
    /// A string.
    String,
    /// An object with any fields.
    Object,
}

/// The arguments of a call, by parameter.
pub struct Arguments {
    names: &'static [Parameter],
    values: Vec<Option<Value>>,
}

impl Arguments {
    /// A parameter's value, if present.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.names.iter().position(|parameter| parameter.keyword == name)?;
        self.values.get(at)?.as_ref().filter(|value| !value.is_null())
    }

    /// A string; empty if absent.
    pub fn text(&self, name: &str) -> Cow<'_, str> {
        self.get(name).and_then(|value| value.as_str()).unwrap_or_default()
    }
}

/// A definition with its enricher.
#[derive(Debug, Clone)]
pub struct Bound {
    definition: &'static Definition,
    enricher: Arc<Enricher>,
}

impl Bound {
    /// Binds a definition.
    pub fn new(definition: &'static Definition, enricher: &Arc<Enricher>) -> Self {
        Self { definition, enricher: Arc::clone(enricher) }
    }
}

impl Function for Bound {
    fn identifier(&self) -> &'static str {
        self.definition.name
    }

    fn usage(&self) -> &'static str {
        self.definition.usage
    }

    fn summary(&self) -> &'static str {
        self.definition.usage.split_once('.').map_or(self.definition.usage, |(first, _)| first)
    }

    fn category(&self) -> &'static str {
        Category::Parse.as_ref()
    }

    fn internal_failure_reasons(&self) -> &'static [&'static str] {
        self.definition.failures
    }

    fn return_kind(&self) -> u16 {
        match self.definition.returns {
            Returns::String => kind::BYTES,
            Returns::Object => kind::OBJECT,
        }
    }

    fn examples(&self) -> &'static [Example] {
        self.definition.examples
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.definition.parameters
    }

    fn compile(&self, _: &TypeState, _: &mut FunctionCompileContext, arguments: ArgumentList) -> Compiled {
        let names = self.definition.parameters;
        let arguments = names.iter().map(|parameter| arguments.optional(parameter.keyword)).collect();
        Ok(Call { bound: self.clone(), arguments }.as_expr())
    }
}

/// A call in a program.
#[derive(Debug, Clone)]
struct Call {
    bound: Bound,
    arguments: Vec<Option<Box<dyn Expression>>>,
}

impl FunctionExpression for Call {
    fn resolve(&self, ctx: &mut Context) -> Resolved {
        let values = self.arguments.iter().map(|argument| argument.as_ref().map(|a| a.resolve(ctx)).transpose());
        let arguments =
            Arguments { names: self.bound.definition.parameters, values: values.collect::<Result<_, _>>()? };
        (self.bound.definition.run)(&self.bound.enricher, &arguments).map_err(Into::into)
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        let type_def = match self.bound.definition.returns {
            Returns::String => TypeDef::bytes(),
            Returns::Object => TypeDef::object(Collection::any()),
        };
        if self.bound.definition.failures.is_empty() { type_def.infallible() } else { type_def.fallible() }
    }
}

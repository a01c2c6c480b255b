//! A formula over the series of a trend: letters, numbers, `+ - * /` and brackets.

use std::iter::Peekable;

use crate::error::QueryError;

const FORMULA_CHARS_MAX: usize = 200;
/// Brackets and signs within each other.
const DEPTH_MAX: usize = 32;

/// A formula, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A series, by its place.
    Series(usize),
    /// A number.
    Number(f64),
    /// The opposite.
    Minus(Box<Formula>),
    /// Of two.
    Of(Operator, Box<Formula>, Box<Formula>),
}

/// What is done with two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Plus,
    Minus,
    Times,
    Divide,
}

impl Formula {
    /// Reads a formula over so many series.
    ///
    /// # Errors
    /// Names the sign that is wrong.
    pub fn parse(text: &str, series: usize) -> Result<Self, QueryError> {
        if text.chars().count() > FORMULA_CHARS_MAX {
            return Err(wrong(&format!("it is longer than {FORMULA_CHARS_MAX} characters")));
        }
        let mut reader = Reader { tokens: tokens(text, series)?.into_iter().peekable() };
        let formula = reader.sum(0)?;
        match reader.tokens.next() {
            None => Ok(formula),
            Some(token) => Err(unexpected(Some(token))),
        }
    }

    /// Its value; nothing where a series has none, or where it would divide by zero.
    pub fn value(&self, series: &[Option<f64>]) -> Option<f64> {
        let value = match self {
            Self::Series(at) => *series.get(*at)?.as_ref()?,
            Self::Number(number) => *number,
            Self::Minus(of) => -of.value(series)?,
            Self::Of(operator, a, b) => {
                let (a, b) = (a.value(series)?, b.value(series)?);
                match operator {
                    Operator::Plus => a + b,
                    Operator::Minus => a - b,
                    Operator::Times => a * b,
                    Operator::Divide => a / b,
                }
            }
        };
        value.is_finite().then_some(value)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    Series(usize),
    Number(f64),
    Sign(char),
}

fn tokens(text: &str, series: usize) -> Result<Vec<Token>, QueryError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().filter(|c| !c.is_whitespace()).peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            'A'..='Z' => {
                let at = usize::from(c as u8 - b'A');
                if at >= series {
                    return Err(wrong(&format!("there is no series {c}")));
                }
                Token::Series(at)
            }
            '0'..='9' | '.' => {
                let mut digits = String::from(c);
                while let Some(digit) = chars.next_if(|c| c.is_ascii_digit() || *c == '.') {
                    digits.push(digit);
                }
                Token::Number(digits.parse().map_err(|_| wrong(&format!("{digits:?} is not a number")))?)
            }
            '+' | '-' | '*' | '/' | '(' | ')' => Token::Sign(c),
            other => return Err(wrong(&format!("{other:?} is neither a series, a number, a bracket nor + - * /"))),
        });
    }
    Ok(tokens)
}

/// By descent: sums of products of values.
struct Reader<T: Iterator<Item = Token>> {
    tokens: Peekable<T>,
}

impl<T: Iterator<Item = Token>> Reader<T> {
    fn sum(&mut self, depth: usize) -> Result<Formula, QueryError> {
        let mut left = self.product(depth)?;
        while let Some(operator) = self.operator(&[('+', Operator::Plus), ('-', Operator::Minus)]) {
            left = Formula::Of(operator, Box::new(left), Box::new(self.product(depth)?));
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Result<Formula, QueryError> {
        let mut left = self.one(depth)?;
        while let Some(operator) = self.operator(&[('*', Operator::Times), ('/', Operator::Divide)]) {
            left = Formula::Of(operator, Box::new(left), Box::new(self.one(depth)?));
        }
        Ok(left)
    }

    fn one(&mut self, depth: usize) -> Result<Formula, QueryError> {
        if depth > DEPTH_MAX {
            return Err(wrong(&format!("more than {DEPTH_MAX} brackets or signs lie within each other")));
        }
        match self.tokens.next() {
            Some(Token::Series(at)) => Ok(Formula::Series(at)),
            Some(Token::Number(number)) => Ok(Formula::Number(number)),
            Some(Token::Sign('-')) => Ok(Formula::Minus(Box::new(self.one(depth + 1)?))),
            Some(Token::Sign('(')) => {
                let inner = self.sum(depth + 1)?;
                match self.tokens.next() {
                    Some(Token::Sign(')')) => Ok(inner),
                    other => Err(unexpected(other)),
                }
            }
            other => Err(unexpected(other)),
        }
    }

    fn operator(&mut self, known: &[(char, Operator)]) -> Option<Operator> {
        let found = |token: &Token| known.iter().find(|(sign, _)| *token == Token::Sign(*sign));
        let operator = self.tokens.peek().and_then(found).map(|(_, operator)| *operator)?;
        self.tokens.next();
        Some(operator)
    }
}

fn unexpected(token: Option<Token>) -> QueryError {
    match token {
        None => wrong("it ends too early"),
        Some(Token::Sign(sign)) => wrong(&format!("{sign:?} is not expected where it stands")),
        Some(Token::Number(number)) => wrong(&format!("{number} is not expected where it stands")),
        Some(Token::Series(at)) => {
            let letter = ('A'..='Z').nth(at).unwrap_or('?');
            wrong(&format!("{letter} is not expected where it stands"))
        }
    }
}

fn wrong(message: &str) -> QueryError {
    QueryError::invalid("formula", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_have_their_usual_meaning() {
        let value = |text| Formula::parse(text, 3).unwrap().value(&[Some(6.0), Some(2.0), None]);
        for (text, expected) in [
            ("A / B", Some(3.0)),
            ("A - B - 1", Some(3.0)),
            ("100 * A / (A + B)", Some(75.0)),
            ("-(A - B) * 0.5", Some(-2.0)),
            ("A - -B", Some(8.0)),
            ("A / (B - 2)", None),
            ("0 / (B - 2)", None),
            ("A + C", None),
            ("2", Some(2.0)),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| Formula::parse(text, 2).unwrap_err().to_string();
        assert_eq!(error(""), "formula: it ends too early");
        assert_eq!(error("A +"), "formula: it ends too early");
        assert_eq!(error("A B"), "formula: B is not expected where it stands");
        assert_eq!(error("A * C"), "formula: there is no series C");
        assert_eq!(error("A % B"), "formula: '%' is neither a series, a number, a bracket nor + - * /");
        assert_eq!(error("1.2.3"), "formula: \"1.2.3\" is not a number");
        assert_eq!(error("(A"), "formula: it ends too early");
        assert_eq!(error("A)"), "formula: ')' is not expected where it stands");
        assert!(error(&"-".repeat(100)).contains("more than 32"));
        assert!(error(&"A".repeat(201)).contains("longer than 200"));
    }
}

//! From tokens to an expression whose comparisons make sense.

use std::cmp::Ordering;

use regex_lite::{Regex, RegexBuilder};

use super::key::Kind;
use super::lex::{Op, Token, What, error, tokens};
use super::value::{Operand, number, span};
use super::{Key, QueryError};

/// The longest filter, in bytes. A filter comes from whoever attaches, so it is bounded.
const LONGEST: usize = 4096;
/// The deepest nesting of parentheses and negations.
const DEEPEST: usize = 32;
/// The largest compiled regular expression, in bytes.
const LARGEST_REGEX: usize = 64 * 1024;

/// What a filter means.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Word(String),
    Compare(Key, Test),
}

/// A test of a key's values.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Unknown,
    Known,
    Unequal(Operand),
    Ordered(Accepted, Operand),
    Contains(String),
    Matches(Regex),
}

/// Which orders of a value to the operand are accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    less: bool,
    equal: bool,
    greater: bool,
}

impl Accepted {
    pub(super) fn accepts(self, order: Ordering) -> bool {
        match order {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => self.greater,
        }
    }
}

/// Reads a filter.
pub(super) fn parse(text: &str) -> Result<Expr, QueryError> {
    if text.len() > LONGEST {
        return Err(error(0..text.len(), format!("a filter has at most {LONGEST} bytes")));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Expr::All(Vec::new()));
    }
    let mut rest = Rest { tokens: &tokens, end: text.len() };
    let expr = or(&mut rest, 0)?;
    match rest.tokens.first() {
        Some(token) => Err(error(token.span.clone(), "nothing is open that `)` could close")),
        None => Ok(expr),
    }
}

/// The tokens still to be read.
struct Rest<'a> {
    tokens: &'a [Token],
    end: usize,
}

impl<'a> Rest<'a> {
    fn peek(&self) -> Option<&'a What> {
        self.tokens.first().map(|token| &token.what)
    }

    fn take(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }
}

fn or(rest: &mut Rest<'_>, depth: usize) -> Result<Expr, QueryError> {
    let mut parts = vec![and(rest, depth)?];
    while rest.peek() == Some(&What::Or) {
        rest.take();
        parts.push(and(rest, depth)?);
    }
    Ok(single(parts, Expr::Any))
}

fn and(rest: &mut Rest<'_>, depth: usize) -> Result<Expr, QueryError> {
    let mut parts = vec![not(rest, depth)?];
    loop {
        match rest.peek() {
            None | Some(What::Or | What::Close) => return Ok(single(parts, Expr::All)),
            Some(What::And) => {
                rest.take();
                parts.push(not(rest, depth)?);
            }
            Some(_) => parts.push(not(rest, depth)?),
        }
    }
}

fn single(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

fn not(rest: &mut Rest<'_>, depth: usize) -> Result<Expr, QueryError> {
    let Some(token) = rest.take() else {
        return Err(error(rest.end..rest.end, "a term is missing here, such as `state=parked`"));
    };
    if depth > DEEPEST {
        return Err(error(token.span.clone(), format!("nested more than {DEEPEST} deep")));
    }
    match &token.what {
        What::Not => Ok(Expr::Not(Box::new(not(rest, depth + 1)?))),
        What::Open => {
            let inner = or(rest, depth + 1)?;
            match rest.take() {
                Some(Token { what: What::Close, .. }) => Ok(inner),
                _ => Err(error(token.span.clone(), "this `(` is not closed")),
            }
        }
        What::Word(word) => Ok(Expr::Word(word.clone())),
        What::Compare { key, op, op_span, value, value_span } => {
            let test = test(key, *op, value).map_err(|fault| match fault {
                Fault::Operator(message) => error(op_span.clone(), message),
                Fault::Value(message) => error(value_span.clone(), message),
            })?;
            Ok(Expr::Compare(key.clone(), test))
        }
        What::Close => Err(error(token.span.clone(), "a term is missing before `)`")),
        What::Or => Err(error(token.span.clone(), "a term is missing before `or`")),
        What::And => Err(error(token.span.clone(), "a term is missing before `and`")),
    }
}

/// What is wrong with a comparison.
enum Fault {
    Operator(String),
    Value(String),
}

fn test(key: &Key, op: Op, value: &str) -> Result<Test, Fault> {
    if value.eq_ignore_ascii_case("unknown") {
        match op {
            Op::Equal => return Ok(Test::Unknown),
            Op::Unequal => return Ok(Test::Known),
            _ => {}
        }
    }
    let is_text = matches!(key.kind(), Kind::Text | Kind::Word(_));
    match op {
        Op::Contains | Op::Matches if !is_text => {
            let sign = if op == Op::Contains { ":" } else { "~" };
            Err(Fault::Operator(format!("`{sign}` is for text; use = != > >= < <=")))
        }
        Op::Contains => Ok(Test::Contains(value.to_owned())),
        Op::Matches => regex(value).map(Test::Matches),
        Op::Equal => Ok(Test::Ordered(accept(false, true, false), operand(key, value)?)),
        Op::Unequal => operand(key, value).map(Test::Unequal),
        _ if is_text || key.kind() == Kind::Flag => {
            Err(Fault::Operator("this key has no order; use = != : ~".to_owned()))
        }
        Op::Above => Ok(Test::Ordered(accept(false, false, true), operand(key, value)?)),
        Op::AtLeast => Ok(Test::Ordered(accept(false, true, true), operand(key, value)?)),
        Op::Below => Ok(Test::Ordered(accept(true, false, false), operand(key, value)?)),
        Op::AtMost => Ok(Test::Ordered(accept(true, true, false), operand(key, value)?)),
    }
}

fn accept(less: bool, equal: bool, greater: bool) -> Accepted {
    Accepted { less, equal, greater }
}

fn operand(key: &Key, value: &str) -> Result<Operand, Fault> {
    match key.kind() {
        Kind::Text => Ok(Operand::Text(value.to_owned())),
        Kind::Word(words) => words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(value))
            .map(|word| Operand::Text((*word).to_owned()))
            .ok_or_else(|| Fault::Value(format!("one of {}", words.join(", ")))),
        Kind::Number => number(value)
            .map(Operand::Number)
            .ok_or_else(|| Fault::Value("a number is expected".to_owned())),
        Kind::Span => span(value).map(Operand::Span).ok_or_else(|| {
            Fault::Value(
                "a duration with its unit is expected, such as 250ms, 5m or 1h30m".to_owned(),
            )
        }),
        Kind::Flag => match value.to_ascii_lowercase().as_str() {
            "yes" | "true" => Ok(Operand::Flag(true)),
            "no" | "false" => Ok(Operand::Flag(false)),
            _ => Err(Fault::Value("yes or no".to_owned())),
        },
    }
}

fn regex(value: &str) -> Result<Regex, Fault> {
    RegexBuilder::new(value)
        .case_insensitive(true)
        .size_limit(LARGEST_REGEX)
        .build()
        .map_err(|fault| Fault::Value(format!("not a regular expression: {fault}")))
}

//! The filter language: which sites or tasks to show.
//!
//! ```text
//! query := or           or  := and ("or" and)*       and := not+ (an "and" between them is allowed)
//! not   := ["-" | "not"] term
//! term  := word | "quoted" | key op value | "(" query ")"
//! op    := ":" contains   "=" "!="   "~" regular expression   ">" ">=" "<" "<="
//! key   := site name kind state verdict rule waits park parked age live grow polls wakers runtime
//!          spawner id self field.NAME
//! value := word | "quoted" | number | 250ms 5m 1h30m | unknown
//! ```
//!
//! A word alone is looked for in site, name, wait and park line. Text is compared without regard to
//! case. What is not known matches only `key=unknown`; a row with several values (a site whose tasks
//! wait in two places) matches if one of them does.

mod fields;
mod key;
mod lex;
mod parse;
mod value;

use std::ops::Range;

pub use fields::{SiteFields, TaskFields};
pub use key::{Key, Kind};
pub use value::Value;

use parse::{Expr, Test};

/// A filter that makes sense.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    expr: Expr,
}

/// Why a text is no filter, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// The bytes of the text that are wrong; empty at its end if something is missing there.
    pub span: Range<usize>,
    /// What is wrong with them, and what would be right.
    pub message: String,
}

/// A row that can be asked for the values of a key.
pub trait Fields {
    /// Whether `test` holds for a value of `key`. It is not called where no value is known.
    fn any(&self, key: &Key, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool;
}

impl Query {
    /// Reads a filter. Blank text selects everything.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let expr = parse::parse(text)?;
        Ok(Self { text: text.to_owned(), expr })
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it selects `row`.
    pub fn matches(&self, row: &impl Fields) -> bool {
        holds(&self.expr, row)
    }

    /// Whether its answer depends on `key`.
    pub fn uses(&self, key: &Key) -> bool {
        uses(&self.expr, key)
    }

    /// Where in its text `key` is first written, if it is.
    pub fn place_of(&self, key: &Key) -> Option<Range<usize>> {
        let tokens = lex::tokens(&self.text).ok()?;
        tokens.into_iter().find_map(|token| match token.what {
            lex::What::Compare { key: written, op_span, .. } if written == *key => {
                Some(token.span.start..op_span.start)
            }
            _ => None,
        })
    }
}

/// Two filters are equal if their texts are.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Query {}

fn holds(expr: &Expr, row: &impl Fields) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| holds(part, row)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Expr::Not(inner) => !holds(inner, row),
        Expr::Word(word) => key::SEARCHED.iter().any(|(key, test)| {
            row.any(key, &mut |value| match test {
                key::Search::Within => value.contains(word),
                key::Search::Whole => value.equals(word),
            })
        }),
        Expr::Compare(key, test) => compare(key, test, row),
    }
}

fn compare(key: &Key, test: &Test, row: &impl Fields) -> bool {
    match test {
        Test::Unknown => !row.any(key, &mut |value| !value.equals("unknown")),
        Test::Known => row.any(key, &mut |value| !value.equals("unknown")),
        Test::Unequal(operand) => {
            let mut known = false;
            let equal = row.any(key, &mut |value| {
                known = true;
                operand.order(&value) == Some(std::cmp::Ordering::Equal)
            });
            known && !equal
        }
        Test::Ordered(accepted, operand) => row.any(key, &mut |value| {
            operand.order(&value).is_some_and(|order| accepted.accepts(order))
        }),
        Test::Contains(text) => row.any(key, &mut |value| value.contains(text)),
        Test::Matches(regex) => row.any(key, &mut |value| match value {
            Value::Text(text) => regex.is_match(text),
            _ => false,
        }),
    }
}

/// Whether a comparison or a word alone looks at `wanted`.
fn uses(expr: &Expr, wanted: &Key) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().any(|part| uses(part, wanted)),
        Expr::Not(inner) => uses(inner, wanted),
        Expr::Word(_) => key::SEARCHED.iter().any(|(key, _)| key == wanted),
        Expr::Compare(key, _) => key == wanted,
    }
}

#[cfg(test)]
mod tests;

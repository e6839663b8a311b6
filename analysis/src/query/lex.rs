//! From text to tokens, each with its place in the text.

use std::ops::Range;

use winnow::Parser;
use winnow::combinator::{alt, cut_err, delimited, opt, repeat};
use winnow::error::{ContextError, ErrMode, ModalResult};
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::{take_till, take_while};

use super::{Key, QueryError};

type Input<'a> = LocatingSlice<&'a str>;

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub span: Range<usize>,
    pub what: What,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Open,
    Close,
    Or,
    And,
    Not,
    Word(String),
    Compare { key: Key, op: Op, op_span: Range<usize>, value: String, value_span: Range<usize> },
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Contains,
    Equal,
    Unequal,
    Matches,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Splits `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut input = LocatingSlice::new(text);
    let mut tokens = Vec::new();
    loop {
        let _ = blank(&mut input);
        if input.is_empty() {
            return Ok(tokens);
        }
        let start = input.current_token_start();
        let what = next(&mut input, text)?;
        tokens.push(Token { span: start..input.current_token_start(), what });
    }
}

fn next(input: &mut Input<'_>, text: &str) -> Result<What, QueryError> {
    let start = input.current_token_start();
    let sign = alt(('('.value(What::Open), ')'.value(What::Close), '-'.value(What::Not)));
    if let Ok(Some(sign)) = opt::<_, _, ErrMode<ContextError>, _>(sign).parse_next(input) {
        return Ok(sign);
    }
    if input.starts_with('"') {
        return quoted(input, start, text).map(What::Word);
    }
    if let Some(comparison) = comparison(input, text)? {
        return Ok(comparison);
    }
    let word: ModalResult<&str> = bare.parse_next(input);
    let word = word.map_err(|_| error(start..start, "this has no meaning here"))?;
    Ok(match word.to_ascii_lowercase().as_str() {
        "or" => What::Or,
        "and" => What::And,
        "not" => What::Not,
        _ => What::Word(word.to_owned()),
    })
}

/// `key op value`, if that is what follows.
fn comparison(input: &mut Input<'_>, text: &str) -> Result<Option<What>, QueryError> {
    let before = input.checkpoint();
    let start = input.current_token_start();
    let head: ModalResult<(&str, (Op, Range<usize>))> =
        (name, operator.with_span()).parse_next(input);
    let Ok((name, (op, op_span))) = head else {
        input.reset(&before);
        return Ok(None);
    };
    let Some(key) = Key::parse(name) else {
        if is_plain(name, op, &text[op_span.end..]) {
            input.reset(&before);
            return Ok(None);
        }
        let known: Vec<&str> = Key::names().collect();
        return Err(error(
            start..start + name.len(),
            format!("`{name}` is no key; keys are {}", known.join(", ")),
        ));
    };
    let value_start = input.current_token_start();
    let value = if input.starts_with('"') {
        quoted(input, value_start, text)?
    } else {
        let value: ModalResult<&str> = bare.parse_next(input);
        value
            .map_err(|_| {
                error(
                    value_start..value_start,
                    format!("a value must follow `{}`", &text[start..op_span.end]),
                )
            })?
            .to_owned()
    };
    let value_span = value_start..input.current_token_start();
    Ok(Some(What::Compare { key, op, op_span, value, value_span }))
}

/// Whether a name with a colon is a word after all, as in `cache.rs:88` or `app::run`.
fn is_plain(name: &str, op: Op, rest: &str) -> bool {
    op == Op::Contains
        && (name.contains('.') || rest.starts_with(|c: char| c == ':' || c.is_ascii_digit()))
}

fn blank<'a>(input: &mut Input<'a>) -> ModalResult<&'a str> {
    take_while(0.., char::is_whitespace).parse_next(input)
}

fn name<'a>(input: &mut Input<'a>) -> ModalResult<&'a str> {
    take_while(1.., |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-')).parse_next(input)
}

fn operator(input: &mut Input<'_>) -> ModalResult<Op> {
    alt((
        "!=".value(Op::Unequal),
        ">=".value(Op::AtLeast),
        "<=".value(Op::AtMost),
        ">".value(Op::Above),
        "<".value(Op::Below),
        "=".value(Op::Equal),
        "~".value(Op::Matches),
        ":".value(Op::Contains),
    ))
    .parse_next(input)
}

fn bare<'a>(input: &mut Input<'a>) -> ModalResult<&'a str> {
    take_till(1.., |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"')).parse_next(input)
}

/// A quoted text; a backslash keeps a quote or a backslash from ending it.
fn quoted(input: &mut Input<'_>, start: usize, text: &str) -> Result<String, QueryError> {
    let piece = alt((
        "\\\"".value("\""),
        "\\\\".value("\\"),
        "\\".value("\\"),
        take_till(1.., ['"', '\\']),
    ));
    let pieces = repeat(0.., piece).fold(String::new, |mut all: String, piece: &str| {
        all.push_str(piece);
        all
    });
    let read: ModalResult<String> = delimited('"', pieces, cut_err('"')).parse_next(input);
    read.map_err(|_| error(start..text.len(), "the quote is not closed"))
}

pub(super) fn error(span: Range<usize>, message: impl Into<String>) -> QueryError {
    QueryError { span, message: message.into() }
}

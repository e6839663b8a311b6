//! Reading a `leaks.toml`.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{Allowance, Date, Glob};
use crate::rules;

/// The most entries of a file: each is compared with each finding.
const MAX_ENTRIES: usize = 1000;
/// The longest pattern or reason, in bytes.
const MAX_TEXT_BYTES: usize = 4096;

/// Why a `leaks.toml` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct AllowError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
    /// What to write instead.
    pub hint: String,
}

/// What an entry looks like.
const FORM: &str = "an entry is `[[allow]]` with `site`, `name` or `park`, a `reason`, and if you like `rule`, `max_live`, `expires`";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allow: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    site: Option<Spanned<String>>,
    name: Option<Spanned<String>>,
    park: Option<Spanned<String>>,
    rule: Option<Spanned<Value>>,
    max_live: Option<Spanned<i64>>,
    reason: Option<Spanned<String>>,
    expires: Option<Spanned<Value>>,
}

/// The entries of the file `text`.
pub(super) fn parse(text: &str) -> Result<Vec<Allowance>, AllowError> {
    let file: File = toml::from_str(text).map_err(|error| AllowError {
        line: error.span().map_or(1, |span| line(text, span.start)),
        what: error.message().to_owned(),
        hint: FORM.to_owned(),
    })?;
    if let Some(entry) = file.allow.get(MAX_ENTRIES) {
        let what = format!("there are more than {MAX_ENTRIES} entries");
        return Err(at(
            text,
            entry,
            what,
            "let a pattern stand for several: `site = \"src/hub/*\"`",
        ));
    }
    file.allow.into_iter().map(|entry| Reader { text }.allowance(entry)).collect()
}

/// The line of `text` in which the byte `offset` is, from 1.
fn line(text: &str, offset: usize) -> usize {
    // An error may end the text, or lie within a character.
    let before = &text[..text.floor_char_boundary(offset)];
    before.matches('\n').count() + 1
}

fn at<T>(text: &str, value: &Spanned<T>, what: String, hint: &str) -> AllowError {
    AllowError { line: line(text, value.span().start), what, hint: hint.to_owned() }
}

/// Reads entries of `text`.
#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn allowance(self, entry: Spanned<Entry>) -> Result<Allowance, AllowError> {
        let place = Spanned::new(entry.span(), ());
        let Entry { site, name, park, rule, max_live, reason, expires } = entry.into_inner();
        if site.is_none() && name.is_none() && park.is_none() {
            let what = "the entry names no `site`, `name` or `park`: it would allow everything";
            return Err(at(
                self.text,
                &place,
                what.to_owned(),
                "say where: `site = \"src/hub.rs:*\"`",
            ));
        }
        let Some(reason) = reason else {
            let what = "the entry has no `reason`".to_owned();
            return Err(at(
                self.text,
                &place,
                what,
                "say why it is accepted: `reason = \"one per shard\"`",
            ));
        };
        let max_live = max_live.map(|most| self.max_live(&most)).transpose()?;
        Ok(Allowance {
            line: line(self.text, place.span().start),
            site: site.map(|glob| self.glob("site", glob)).transpose()?,
            name: name.map(|glob| self.glob("name", glob)).transpose()?,
            park: park.map(|glob| self.glob("park", glob)).transpose()?,
            rules: rule.map(|rule| self.rules(&rule)).transpose()?.unwrap_or_default(),
            max_live,
            reason: self.text_of("reason", reason)?,
            expires: expires.map(|date| self.date(&date)).transpose()?,
        })
    }

    /// A text that is neither empty nor too long.
    fn text_of(self, key: &str, value: Spanned<String>) -> Result<String, AllowError> {
        if value.as_ref().trim().is_empty() {
            return Err(at(self.text, &value, format!("`{key}` is empty"), FORM));
        }
        if value.as_ref().len() > MAX_TEXT_BYTES {
            let what = format!("`{key}` is longer than {MAX_TEXT_BYTES} bytes");
            return Err(at(self.text, &value, what, "write less"));
        }
        Ok(value.into_inner())
    }

    fn glob(self, key: &str, value: Spanned<String>) -> Result<Glob, AllowError> {
        Ok(Glob::new(self.text_of(key, value)?))
    }

    fn max_live(self, most: &Spanned<i64>) -> Result<u64, AllowError> {
        u64::try_from(*most.as_ref()).map_err(|_| {
            let what = format!("`max_live` is {}", most.as_ref());
            at(self.text, most, what, "give a number of tasks, as in `max_live = 8`")
        })
    }

    /// One rule, or several.
    fn rules(self, rule: &Spanned<Value>) -> Result<Vec<Glob>, AllowError> {
        let values = match rule.as_ref() {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let form = "as in `rule = \"L1\"`, or `rule = [\"L1\", \"W*\"]`";
        let glob = |value: &Value| {
            let Some(pattern) = value.as_str() else {
                return Err(at(self.text, rule, format!("`rule` has {value} in it"), form));
            };
            let glob = Glob::new(pattern.to_owned());
            if rules::all().any(|doc| glob.matches(doc.id)) {
                return Ok(glob);
            }
            let known: Vec<&str> = rules::all().map(|doc| doc.id).collect();
            let hint = format!("the rules are {}", known.join(", "));
            Err(at(self.text, rule, format!("there is no rule `{pattern}`"), &hint))
        };
        if values.is_empty() {
            return Err(at(self.text, rule, "`rule` is empty".to_owned(), form));
        }
        values.iter().map(glob).collect()
    }

    /// A day, with quotes or without.
    fn date(self, value: &Spanned<Value>) -> Result<Date, AllowError> {
        let text = match value.as_ref() {
            Value::String(text) => text.clone(),
            Value::Datetime(date) => date.to_string(),
            other => other.to_string(),
        };
        Date::parse(&text).ok_or_else(|| {
            let what = format!("`expires` is `{text}`, which is no day of the calendar");
            at(self.text, value, what, "write it as in `expires = \"2027-06-30\"`")
        })
    }
}

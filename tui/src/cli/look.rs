//! What may be used on the screen: glyphs and colours.

use std::env;
use std::io::IsTerminal;

use clap::{Args, ValueEnum};

/// How output may look.
#[derive(Clone, Debug, Args)]
pub(crate) struct Look {
    /// Use only ASCII characters; the default where the locale is not UTF-8
    #[arg(long, global = true, help_heading = "Display")]
    ascii: bool,
    /// When to use colours: auto, always or never; meaning never depends on them
    #[arg(
        long,
        global = true,
        help_heading = "Display",
        value_name = "WHEN",
        value_enum,
        default_value_t = When::Auto,
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: When,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal that has them, unless `NO_COLOR` is set.
    Auto,
    Always,
    Never,
}

impl Look {
    /// Whether colours may be used on `stream`.
    pub(crate) fn color_on(&self, stream: &impl IsTerminal) -> bool {
        colors(self.color, |name| env::var(name).ok(), stream.is_terminal())
    }

    /// Whether only ASCII characters may be used.
    pub(crate) fn ascii(&self) -> bool {
        self.ascii || !utf8_locale(|name| env::var(name).ok())
    }
}

/// `--color`, else `NO_COLOR`, else `TERM=dumb`, else whether it is a terminal.
fn colors(when: When, variable: impl Fn(&str) -> Option<String>, terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            terminal
                && variable("NO_COLOR").is_none_or(|value| value.is_empty())
                && variable("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// The first of the locale variables that is set decides, as in the C library.
fn utf8_locale(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(variables: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        |name| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned())
    }

    #[test]
    fn colours_are_decided_by_flag_then_variable_then_terminal() {
        assert!(colors(When::Always, set(&[("NO_COLOR", "1")]), false));
        assert!(!colors(When::Never, set(&[]), true));
        assert!(colors(When::Auto, set(&[("NO_COLOR", "")]), true));
        assert!(!colors(When::Auto, set(&[("NO_COLOR", "1")]), true));
        assert!(!colors(When::Auto, set(&[("TERM", "dumb")]), true));
        assert!(!colors(When::Auto, set(&[]), false));
    }

    #[test]
    fn glyphs_follow_the_locale() {
        assert!(utf8_locale(set(&[("LANG", "de_DE.UTF-8")])));
        assert!(utf8_locale(set(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")])));
        assert!(!utf8_locale(set(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")])));
        assert!(!utf8_locale(set(&[])));
    }
}

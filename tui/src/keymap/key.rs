//! Keys as this crate names them, whatever library reads them.

use std::fmt;

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Char(char),
    Ctrl(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    F(u8),
}

impl Key {
    /// The name between angle brackets in a key string, for keys that are not one character.
    #[cfg(test)]
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "enter" => Self::Enter,
            "esc" => Self::Esc,
            "tab" => Self::Tab,
            "backspace" => Self::Backspace,
            "delete" => Self::Delete,
            "up" => Self::Up,
            "down" => Self::Down,
            "left" => Self::Left,
            "right" => Self::Right,
            "pageup" => Self::PageUp,
            "pagedown" => Self::PageDown,
            "home" => Self::Home,
            "end" => Self::End,
            "space" => Self::Char(' '),
            _ => {
                if let Some(letter) = name.strip_prefix("c-") {
                    return letter.chars().next().map(Self::Ctrl);
                }
                return name.strip_prefix('f')?.parse().ok().map(Self::F);
            }
        })
    }
}

/// The keys of a string such as `jj<enter>/cache<esc>`.
#[cfg(test)]
pub(crate) fn parse(keys: &str) -> Vec<Key> {
    let mut parsed = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|inner| {
            let (name, after) = inner.split_once('>')?;
            Some((Key::named(name)?, after))
        });
        match named {
            Some((key, after)) => {
                parsed.push(key);
                rest = after;
            }
            None => {
                parsed.push(Key::Char(first));
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    parsed
}

/// As the footer and the help spell it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("Space"),
            Self::Char(letter) => write!(f, "{letter}"),
            Self::Ctrl(letter) => write!(f, "^{}", letter.to_ascii_uppercase()),
            Self::F(number) => write!(f, "F{number}"),
            Self::PageUp => f.write_str("PgUp"),
            Self::PageDown => f.write_str("PgDn"),
            Self::Enter
            | Self::Esc
            | Self::Tab
            | Self::Backspace
            | Self::Delete
            | Self::Up
            | Self::Down
            | Self::Left
            | Self::Right
            | Self::Home
            | Self::End => write!(f, "{self:?}"),
        }
    }
}

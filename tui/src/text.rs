//! Text with roles: what the screens say, before anything is known of colours or cells.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text means; the theme decides how it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Plain,
    /// Less important than its surroundings.
    Dim,
    /// More important than its surroundings.
    Strong,
    /// Titles of columns and sections.
    Heading,
    /// A finding's class.
    Proven,
    Likely,
    Watch,
    /// All is well.
    Good,
    /// Data is missing or old.
    Bad,
    /// A key to press.
    Key,
    /// A line of the user's own code.
    Place,
}

/// A piece of text in one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub text: String,
    pub role: Role,
}

/// One line of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(pub Vec<Span>);

impl Line {
    /// A line in one role.
    pub(crate) fn new(role: Role, text: impl Into<String>) -> Self {
        Self::default().with(role, text)
    }

    /// This line with more text at its end.
    pub(crate) fn with(mut self, role: Role, text: impl Into<String>) -> Self {
        self.push(role, text);
        self
    }

    /// This line with another one at its end.
    pub(crate) fn with_all(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(crate) fn push(&mut self, role: Role, text: impl Into<String>) {
        self.0.push(Span { text: text.into(), role });
    }

    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|span| span.text.width()).sum()
    }
}

/// Text broken at spaces into lines of at most `width` cells; longer words are broken inside.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let size = word.width();
        if used > 0 && used + 1 + size > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut().filter(|_| used > 0) {
            line.push(' ');
            used += 1;
        }
        for letter in word.chars() {
            let size = letter.width().unwrap_or(0);
            if used > 0 && used + size > width {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
            used += size;
        }
    }
    lines
}

/// The beginning of `text` in at most `width` cells, with a mark where something is cut off.
pub(crate) fn head(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = ellipsis(ascii);
    let Some(room) = width.checked_sub(mark.width()) else { return String::new() };
    let mut used = 0;
    let mut cut: String = text
        .chars()
        .take_while(|letter| {
            used += letter.width().unwrap_or(0);
            used <= room
        })
        .collect();
    cut.push_str(mark);
    cut
}

/// The end of `text` in at most `width` cells: of a path it tells more than the beginning.
pub(crate) fn tail(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = ellipsis(ascii);
    let Some(room) = width.checked_sub(mark.width()) else { return String::new() };
    let mut used = 0;
    let mut kept: Vec<char> = text
        .chars()
        .rev()
        .take_while(|letter| {
            used += letter.width().unwrap_or(0);
            used <= room
        })
        .collect();
    kept.extend(mark.chars().rev());
    kept.into_iter().rev().collect()
}

fn ellipsis(ascii: bool) -> &'static str {
    if ascii { ".." } else { "…" }
}

/// Parts of a line in the order in which they are shown, of which the least important go if it gets narrow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts(Vec<(u8, Line)>);

impl Parts {
    /// Adds a part; 0 is the most important rank, and stays whatever the width.
    pub(crate) fn add(&mut self, rank: u8, line: Line) {
        self.0.push((rank, line));
    }

    /// The parts that fit into `width` cells, two blanks between them.
    pub(crate) fn fit(mut self, width: usize) -> Line {
        let size = |parts: &[(u8, Line)]| -> usize {
            parts.iter().map(|(_, line)| line.width() + 2).sum::<usize>().saturating_sub(2)
        };
        while size(&self.0) > width {
            let worst = self.0.iter().enumerate().max_by_key(|(at, (rank, _))| (*rank, *at));
            match worst {
                Some((at, (rank, _))) if *rank > 0 => drop(self.0.remove(at)),
                _ => break,
            }
        }
        let mut fitted = Line::default();
        for (at, (_, line)) in self.0.into_iter().enumerate() {
            if at > 0 {
                fitted.push(Role::Plain, "  ");
            }
            fitted.0.extend(line.0);
        }
        fitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_words_and_never_wider_than_asked() {
        assert_eq!(wrap("all wait in oneshot recv", 12), ["all wait in", "oneshot recv"]);
        assert_eq!(wrap("a averyverylongword b", 6), ["a", "averyv", "erylon", "gword", "b"]);
        assert_eq!(wrap("", 5), [""]);
        for width in 0..20 {
            assert!(
                wrap("見 oneshot recv ▲ at src/cache.rs:95", width)
                    .iter()
                    .all(|l| l.width() <= width.max(2))
            );
        }
    }

    #[test]
    fn what_is_cut_off_is_marked() {
        assert_eq!(tail("src/very/long/cache.rs:88", 12, false), "…cache.rs:88");
        assert_eq!(tail("src/very/long/cache.rs:88", 13, true), "..cache.rs:88");
        assert_eq!(head("oneshot recv", 8, false), "oneshot…");
        assert_eq!(head("oneshot recv", 0, true), "");
    }

    #[test]
    fn the_least_important_parts_go_first() {
        let mut parts = Parts::default();
        parts.add(0, Line::new(Role::Plain, "LIVE"));
        parts.add(2, Line::new(Role::Plain, "viewers 2"));
        parts.add(1, Line::new(Role::Plain, "lost 0"));
        let text =
            |width| parts.clone().fit(width).0.iter().map(|s| s.text.clone()).collect::<String>();
        assert_eq!(text(80), "LIVE  viewers 2  lost 0");
        assert_eq!(text(12), "LIVE  lost 0");
        assert_eq!(text(2), "LIVE");
    }
}

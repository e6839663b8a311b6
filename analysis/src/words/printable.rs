//! Text from a target, made safe to print.

use std::borrow::Cow;

/// Text from a target, safe for a terminal: without control characters, escape sequences and the marks
/// that reorder or hide text. An escape sequence goes as a whole, so that its letters do not stay behind.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\t' | '\n' | '\r' => clean.push(' '),
            c if is_unprintable(c) => {}
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// Control characters, and format characters that reorder text, hide it or have no width.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Skips what follows an ESC: a control sequence, a string, or a single character (ECMA-48).
fn skip_escape(rest: &mut std::str::Chars<'_>) {
    let mut ahead = rest.clone();
    match ahead.next() {
        Some('[') => {
            *rest = ahead;
            skip_control_sequence(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            *rest = ahead;
            skip_string(rest);
        }
        Some(c) if c.is_ascii() && !c.is_control() => *rest = ahead,
        _ => {}
    }
}

/// Skips parameters up to and with the final letter; stops before anything that cannot belong to it.
fn skip_control_sequence(rest: &mut std::str::Chars<'_>) {
    loop {
        let mut ahead = rest.clone();
        match ahead.next() {
            Some('\u{20}'..='\u{3f}') => *rest = ahead,
            Some('\u{40}'..='\u{7e}') => {
                *rest = ahead;
                return;
            }
            _ => return,
        }
    }
}

/// Skips a string up to its terminator (BEL or ST). Without one nothing more is skipped, so that a
/// lone introducer cannot swallow the rest of the text.
fn skip_string(rest: &mut std::str::Chars<'_>) {
    let mut ahead = rest.clone();
    while let Some(c) = ahead.next() {
        match c {
            '\u{7}' | '\u{9c}' => {
                *rest = ahead;
                return;
            }
            '\u{1b}' if ahead.as_str().starts_with('\\') => {
                ahead.next();
                *rest = ahead;
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", "plain")]
    #[case("a\u{1b}[31mred\u{1b}[0m", "ared")]
    #[case("a\u{1b}]0;title\u{7}b", "ab")]
    #[case("a\u{1b}]8;;http://x\u{1b}\\b", "ab")]
    #[case("a\u{9b}2Jb", "ab")]
    #[case("a\u{1b}]never ended", "anever ended")]
    #[case("a\u{202e}cba\u{2066}", "acba")]
    #[case("two\nlines\tand a tab", "two lines and a tab")]
    #[case("\u{7}bell\u{0}", "bell")]
    #[case("größe 漢字", "größe 漢字")]
    fn untrusted_text_is_cleaned(#[case] text: &str, #[case] clean: &str) {
        assert_eq!(printable(text), clean);
    }

    proptest! {
        #[test]
        fn nothing_unprintable_is_left(text in any::<String>()) {
            let clean = printable(&text);
            prop_assert!(!clean.chars().any(is_unprintable));
            prop_assert_eq!(printable(&clean), clean.as_ref());
        }
    }
}

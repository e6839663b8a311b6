//! Function names as debug information and symbol tables spell them, reduced to plain paths.
//!
//! Three spellings arrive: the legacy mangling (`tokio::sync::mpsc::chan::Rx<T,S>::recv::{{closure}}`),
//! the v0 mangling (`<tokio::sync::mpsc::chan::Rx<()>>::recv::{closure#0}`), and, for inlined functions
//! of a build with `line-tables-only`, a bare name without its module (`recv<()>`, `{async_fn#0}`).

/// A function name, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The path without generics, closures and hash; of a bare name its identifier, which is empty for
    /// a closure or an async function.
    pub(super) path: String,
    /// Whether `path` starts at a crate.
    pub(super) qualified: bool,
    /// A bare name that is no identifier: `{async_fn#0}`, `{closure#1}`.
    pub(super) token: Option<String>,
    /// The type arguments, where the spelling has them: those of the function, or of its type.
    pub(super) arguments: String,
    /// The closures and async functions among the type arguments of a bare name.
    pub(super) mentions: Vec<Mention>,
}

/// A closure or async function that the type arguments of another function name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    /// The path of the function in which it is written, or which it is.
    pub(super) path: String,
    /// What the bare name of its own frame is: `{async_fn#0}`.
    pub(super) token: String,
    /// What the bare name of the frame around it is, if that is one without an identifier.
    pub(super) around: Option<String>,
}

/// No name is shown longer than this.
const LONGEST: usize = 400;

impl Name {
    /// Takes a demangled name apart. Any text has a result.
    pub(super) fn parse(text: &str) -> Self {
        let segments = segments(text);
        if segments.len() > 1 || text.starts_with('<') {
            let of_type = text.strip_prefix('<').and_then(|inner| inner.split_once('<'));
            let arguments = of_type.map_or_else(String::new, |(_, arguments)| shortened(arguments));
            return Self { path: path(text, 0), qualified: true, arguments, ..Self::default() };
        }
        let identifier = until_generics(text);
        let token = identifier.starts_with('{').then(|| identifier.to_owned());
        let path = if token.is_some() { String::new() } else { shortened(identifier) };
        let arguments = &text[identifier.len()..];
        Self {
            path,
            qualified: false,
            token,
            arguments: shortened(arguments.strip_prefix('<').unwrap_or(arguments)),
            mentions: mentions(arguments),
        }
    }
}

/// The plain path of a qualified name or type. `depth` bounds types nested in types.
fn path(text: &str, depth: u32) -> String {
    let mut plain: Vec<String> = Vec::new();
    for segment in segments(text) {
        match segment.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')) {
            // `<Type as Trait>`, `<Type>`; in the middle of a path, generics or `<impl Trait for Type>`.
            Some(inner) if plain.is_empty() && depth < 8 => plain.push(self_type(inner, depth)),
            Some(_) => {}
            None => {
                let identifier = until_generics(segment);
                if !identifier.is_empty() && !identifier.starts_with('{') && !is_hash(identifier) {
                    plain.push(identifier.to_owned());
                }
            }
        }
    }
    shortened(&plain.join("::"))
}

/// The path by which `Type as Trait` is known: the type's, or the trait's where the type is a parameter.
fn self_type(text: &str, depth: u32) -> String {
    let (of_type, of_trait) = match top_level(text, " as ") {
        Some(at) => (&text[..at], &text[at + 4..]),
        None => (text, ""),
    };
    let bare = of_type.trim_start_matches(['&', '*', '[', '(']).trim_start_matches("mut ");
    let bare = bare.trim_start_matches("const ").trim_start_matches("dyn ");
    let bare = top_level(bare, "+").map_or(bare, |at| bare[..at].trim_end());
    let nominal = bare.contains("::") && !bare.contains("->");
    if nominal || of_trait.is_empty() { path(bare, depth + 1) } else { path(of_trait, depth + 1) }
}

/// Splits at every `::` that no bracket encloses.
fn segments(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = top_level(rest, "::") {
        found.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    found.push(rest);
    found
}

/// Where `pattern` first occurs outside of all brackets. Unbalanced text is taken as it comes.
fn top_level(text: &str, pattern: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '<' | '(' | '[' | '{' => depth += 1,
            // The arrow of a function type closes nothing.
            '>' if before == '-' => {}
            '>' | ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && text[at..].starts_with(pattern) => return Some(at),
            _ => {}
        }
        before = character;
    }
    None
}

/// A segment without its generics and without the crate disambiguator of v0 (`tokio[1f2e]`).
fn until_generics(segment: &str) -> &str {
    let end = segment.find(['<', '[']).unwrap_or(segment.len());
    &segment[..end]
}

/// The hash that ends a legacy name.
fn is_hash(segment: &str) -> bool {
    segment.len() == 17
        && segment.strip_prefix('h').is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn shortened(path: &str) -> String {
    path.chars().take(LONGEST).collect()
}

/// Every `path::{async_fn_env#0}` in the type arguments of a bare name.
fn mentions(arguments: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for (at, _) in arguments.match_indices("_env#") {
        let start =
            arguments[..at].rfind(['<', ',', ' ', '(', '&', '*']).map_or(0, |edge| edge + 1);
        let Some(end) = arguments[at..].find('}').map(|end| at + end + 1) else { continue };
        let Some((whole, own)) = arguments[start..end].rsplit_once("::") else { continue };
        let around = whole.rsplit("::").next().filter(|last| last.starts_with('{'));
        found.push(Mention {
            path: path(whole, 0),
            token: own.replace("_env#", "#"),
            around: around.map(str::to_owned),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        Name::parse(text).path
    }

    #[test]
    fn both_manglings_give_the_same_path() {
        for (text, expected) in [
            (
                "tokio::sync::mpsc::chan::Rx<T,S>::recv::{{closure}}",
                "tokio::sync::mpsc::chan::Rx::recv",
            ),
            (
                "<tokio::sync::mpsc::chan::Rx<(), tokio::sync::mpsc::bounded::Semaphore>>::recv::{closure#0}",
                "tokio::sync::mpsc::chan::Rx::recv",
            ),
            (
                "<tokio::sync::oneshot::Receiver<T> as core::future::future::Future>::poll",
                "tokio::sync::oneshot::Receiver::poll",
            ),
            (
                "<tokio::sync::oneshot::Receiver<alloc::vec::Vec<u8>> as core::future::future::Future>::poll",
                "tokio::sync::oneshot::Receiver::poll",
            ),
            ("app::pool::claim::h0123456789abcdef", "app::pool::claim"),
            ("app[9c1f]::pool::claim::<u8>::{closure#0}::{closure#1}", "app::pool::claim"),
            (
                "<F as futures_core::future::TryFuture>::try_poll",
                "futures_core::future::TryFuture::try_poll",
            ),
            (
                "<&mut F as core::future::future::Future>::poll",
                "core::future::future::Future::poll",
            ),
            (
                "core::ops::function::impls::<impl core::ops::function::FnOnce<A> for &mut F>::call_once",
                "core::ops::function::impls::call_once",
            ),
            ("<fn() -> app::Reply as app::Call>::call", "app::Call::call"),
            (
                "<dyn app::Call<Reply = ()> + core::marker::Send as app::Call>::call",
                "app::Call::call",
            ),
            (
                "<<app::Outer as app::Has>::Inner as core::future::future::Future>::poll",
                "app::Outer::Inner::poll",
            ),
        ] {
            assert_eq!(plain(text), expected, "{text}");
            assert!(Name::parse(text).qualified, "{text}");
        }
    }

    #[test]
    fn a_bare_name_is_an_identifier_or_a_token() {
        let named = Name::parse("recv<(), tokio::sync::mpsc::bounded::Semaphore>");
        assert_eq!((named.path.as_str(), named.qualified, named.token), ("recv", false, None));
        let unnamed = Name::parse("{async_fn#0}<()>");
        assert_eq!((unnamed.path.as_str(), unnamed.token.as_deref()), ("", Some("{async_fn#0}")));
    }

    #[test]
    fn type_arguments_are_those_of_the_function_or_its_type() {
        for text in [
            "poll_read<mio::net::tcp::stream::TcpStream>",
            "<tokio::io::poll_evented::PollEvented<mio::net::tcp::stream::TcpStream>>::poll_read",
        ] {
            let name = Name::parse(text);
            assert!(name.arguments.starts_with("mio::net::tcp::stream::TcpStream"), "{name:?}");
        }
        assert_eq!(Name::parse("tokio::io::poll_evented::PollEvented<E>::poll_read").arguments, "");
    }

    #[test]
    fn type_arguments_mention_the_functions_they_name() {
        let name = Name::parse(
            "poll<tokio::sync::rwlock::{impl#14}::read::{async_fn#0}::{async_block_env#0}<()>>",
        );
        assert_eq!(
            name.mentions,
            [Mention {
                path: "tokio::sync::rwlock::read".into(),
                token: "{async_block#0}".into(),
                around: Some("{async_fn#0}".into()),
            }]
        );
    }

    #[test]
    fn weird_names_have_a_result() {
        for text in [
            "",
            "<",
            "<<",
            ">::",
            "::",
            "<a as ",
            "{",
            "poll<_env#",
            "é::<ü>::{",
            "->>>",
            "a<_env#}",
        ] {
            let _ = Name::parse(text);
        }
        assert!(plain(&"a::".repeat(10_000)).len() <= LONGEST);
        let _ = Name::parse(&"<".repeat(100_000));
    }
}

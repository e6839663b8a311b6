//! One call of a stack, as the debug information of this process tells it.

use super::name::{Mention, Name};
use super::source::{Origin, Source, origin_of_function};
use super::symtab::SymbolTable;

/// A call, inlined or not.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The function's path, as far as known: `tokio::sync::oneshot::Receiver::poll`, without the type
    /// (`tokio::sync::oneshot::poll`) or without the module (`poll`) where only lines were compiled in.
    /// Empty: unknown.
    pub(super) path: String,
    /// Set while the function is only known as `{async_fn#0}`; `path` is then its module.
    pub(super) token: Option<String>,
    /// The function's type arguments as far as known.
    arguments: String,
    /// Functions that the type arguments name.
    pub(super) mentions: Vec<Mention>,
    /// Whose code it is.
    pub(super) origin: Origin,
    /// The source file.
    pub(super) file: Option<String>,
    /// The line, from 1.
    pub(super) line: Option<u32>,
}

impl Call {
    /// Puts together what is known of a call.
    pub(super) fn new(name: Option<&str>, file: Option<&str>, line: Option<u32>) -> Self {
        let name = name.map(Name::parse).unwrap_or_default();
        let source = file.map(Source::of);
        let origin = match &source {
            Some(source) => source.origin,
            None => origin_of_function(&name.path, name.qualified),
        };
        let module = source.as_ref().and_then(|source| source.module.as_deref());
        let path = match module {
            Some(module) if !name.qualified && name.path.is_empty() => module.to_owned(),
            Some(module) if !name.qualified => format!("{module}::{}", name.path),
            _ => name.path,
        };
        Self {
            path,
            token: name.token,
            arguments: name.arguments,
            mentions: name.mentions,
            origin,
            file: source.map(|source| source.file),
            line: line.filter(|line| *line > 0),
        }
    }

    /// Takes the full name over a bare one, whose type arguments may still name other functions.
    fn rename(&mut self, full: &str) {
        let name = Name::parse(full);
        if name.qualified {
            self.path = name.path;
            self.token = None;
        }
    }

    /// Whether the function is `function` in `module` or in a module below it.
    ///
    /// `*` is any function. The type of `Type::function` counts only where the call's path has one.
    /// `function<argument` is one whose type arguments begin so.
    pub(super) fn is(&self, module: &str, function: &str) -> bool {
        let (function, argument) = function.split_once('<').unwrap_or((function, ""));
        self.arguments.starts_with(argument) && self.is_in(module, function)
    }

    fn is_in(&self, module: &str, function: &str) -> bool {
        let Some(rest) = self.path.strip_prefix(module) else { return false };
        let Some(rest) = rest.strip_prefix("::") else {
            return rest.is_empty() && function == "*";
        };
        if function == "*" || rest == function {
            return true;
        }
        let of_any_type = function.rsplit("::").next().unwrap_or(function);
        match rest.strip_suffix(function) {
            Some(before) => before.ends_with("::"),
            None => self.token.is_none() && rest == of_any_type,
        }
    }

    /// The name to show.
    pub(super) fn function(&self) -> String {
        let unnamed = self.token.as_deref().map(|token| match token {
            token if token.starts_with("{async_fn") => "{async fn}",
            token if token.starts_with("{async_block") => "{async block}",
            _ => "{closure}",
        });
        match (self.path.as_str(), unnamed) {
            ("", None) => "unknown".to_owned(),
            ("", Some(unnamed)) => unnamed.to_owned(),
            (path, None) => path.to_owned(),
            (path, Some(unnamed)) => format!("{path}::{unnamed}"),
        }
    }
}

/// The calls at an instruction, inlined ones first. The instruction is inside a call, not after it.
pub(super) fn calls_at(instruction: u64, symbol_table: Option<&SymbolTable>) -> Vec<Call> {
    let mut calls = Vec::new();
    backtrace::resolve(instruction as *mut std::ffi::c_void, |symbol| {
        let name = symbol.name().map(|name| format!("{name:#}"));
        let file = symbol.filename().and_then(|file| file.to_str());
        calls.push(Call::new(name.as_deref(), file, symbol.lineno()));
    });
    if calls.is_empty() {
        calls.push(Call::new(None, None, None));
    }
    // Only the outermost of the calls has code of its own, and thereby a symbol.
    if let Some(call) = calls.last_mut()
        && let Some(full) = symbol_table.and_then(|table| table.name(instruction))
    {
        call.rename(&full);
    }
    calls
}

/// Names async functions and closures that are only known as `{async_fn#0}`, from the type arguments of
/// the calls around them: `poll<app::serve::{async_fn_env#0}>` polls the async function `app::serve`.
pub(super) fn name_from_neighbours(calls: &mut [Call]) {
    /// The callee of a `poll` may be separated from it by a forwarding call or two.
    const NEAR: usize = 3;
    for at in 0..calls.len() {
        let Some(token) = &calls[at].token else { continue };
        let module = calls[at].path.as_str();
        let fits = |mention: &&Mention| match mention.path.strip_prefix(module) {
            Some(rest) if !module.is_empty() => rest.starts_with("::"),
            // The module of the user's code is not known, but it is nobody else's.
            Some(path) => !matches!(origin_of_function(path, true), Origin::Std | Origin::Library),
            None => false,
        };
        let outward = calls[at + 1..].iter().take(NEAR).flat_map(|call| &call.mentions);
        let leafward = calls[..at].iter().rev().take(NEAR).flat_map(|call| &call.mentions);
        let polled = outward.filter(fits).find(|mention| mention.token == *token);
        let around =
            || leafward.filter(fits).find(|mention| mention.around.as_ref() == Some(token));
        if let Some(mention) = polled.or_else(around) {
            let path = mention.path.clone();
            calls[at].path = path;
            calls[at].token = None;
        }
    }
}

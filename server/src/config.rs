//! What can be set, by `STRANDED_*` variables and by [`Builder`](crate::Builder).
//!
//! A bad value never stops the host: the default stays, and a fault says what was expected.

mod bind;

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

pub(crate) use bind::Bind;

use crate::faults::{Faults, Part};

/// Where to listen.
pub(crate) const BIND: &str = "STRANDED_BIND";
const STACKS: &str = "STRANDED_STACKS";
const RESOURCES: &str = "STRANDED_RESOURCES";
const MEMORY_MB: &str = "STRANDED_MEMORY_MB";
const TOKEN_FILE: &str = "STRANDED_TOKEN_FILE";
const TLS: [&str; 3] = ["STRANDED_TLS_CERT", "STRANDED_TLS_KEY", "STRANDED_TLS_CLIENT_CA"];

/// Whether the agent captures the stack of a task when it parks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stacks {
    /// By frame pointers, some tens of nanoseconds each. In a build without them by unwinding, some microseconds
    /// each, and so only a sample: at most 200 a second.
    #[default]
    Auto,
    /// The same, but a large sample: at most 10,000 a second.
    On,
    /// Never.
    Off,
}

/// Which of Tokio's resources the agent tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resources {
    /// None.
    Off,
    /// Mutexes, rwlocks and semaphores.
    #[default]
    Locks,
    /// Timers, oneshot channels and barriers too.
    All,
}

/// A word that a setting does not have.
#[derive(Debug, thiserror::Error)]
#[error("expected {0}")]
pub struct BadSetting(&'static str);

impl FromStr for Stacks {
    type Err = BadSetting;

    fn from_str(word: &str) -> Result<Self, BadSetting> {
        match word {
            "auto" => Ok(Self::Auto),
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(BadSetting("`auto`, `on` or `off`")),
        }
    }
}

impl FromStr for Resources {
    type Err = BadSetting;

    fn from_str(word: &str) -> Result<Self, BadSetting> {
        match word {
            "off" => Ok(Self::Off),
            "locks" => Ok(Self::Locks),
            "all" => Ok(Self::All),
            _ => Err(BadSetting("`off`, `locks` or `all`")),
        }
    }
}

/// A cap in whole megabytes.
struct Megabytes(u32);

impl FromStr for Megabytes {
    type Err = BadSetting;

    fn from_str(word: &str) -> Result<Self, BadSetting> {
        match word.parse() {
            Ok(megabytes) if megabytes > 0 => Ok(Self(megabytes)),
            _ => Err(BadSetting("a whole number of megabytes, from 1")),
        }
    }
}

/// All settings of one agent.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) bind: Bind,
    /// Whether to capture park stacks.
    pub(crate) stacks: Stacks,
    /// Which resources to track.
    pub(crate) resources: Resources,
    /// The cap of the agent's tables.
    pub(crate) memory_mb: u32,
    /// The file with the token that viewers must send.
    pub(crate) token_file: Option<PathBuf>,
    /// The `STRANDED_TLS_*` variables that are set.
    pub(crate) tls: Vec<&'static str>,
    /// Whether to listen beyond loopback without TLS and a token.
    pub(crate) allow_insecure: bool,
    /// The name of the service; `None`: its executable's.
    pub(crate) name: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: Bind::default(),
            stacks: Stacks::default(),
            resources: Resources::default(),
            // About two million live tasks.
            memory_mb: 512,
            token_file: None,
            tls: Vec::new(),
            allow_insecure: false,
            name: None,
        }
    }
}

impl Config {
    /// The settings of the process's environment.
    pub(crate) fn from_env(faults: &Faults) -> Self {
        Self::read(std::env::var_os, faults)
    }

    /// The settings in `variables`; an empty one counts as unset.
    fn read(variables: impl Fn(&'static str) -> Option<OsString>, faults: &Faults) -> Self {
        let raw = |variable| variables(variable).filter(|value| !value.is_empty());
        let text = |variable| raw(variable).map(|value| value.to_string_lossy().into_owned());

        let mut config = Self::default();
        if let Some(bind) = parsed(BIND, text(BIND).as_deref(), faults) {
            config.bind = bind;
        }
        if let Some(stacks) = parsed(STACKS, text(STACKS).as_deref(), faults) {
            config.stacks = stacks;
        }
        if let Some(resources) = parsed(RESOURCES, text(RESOURCES).as_deref(), faults) {
            config.resources = resources;
        }
        if let Some(Megabytes(cap)) = parsed(MEMORY_MB, text(MEMORY_MB).as_deref(), faults) {
            config.memory_mb = cap;
        }
        config.token_file = raw(TOKEN_FILE).map(PathBuf::from);
        config.tls = TLS.into_iter().filter(|variable| raw(variable).is_some()).collect();
        config
    }
}

/// The value of a setting, unless it is unset or bad; a bad one is a fault.
pub(crate) fn parsed<T>(setting: &'static str, value: Option<&str>, faults: &Faults) -> Option<T>
where
    T: FromStr<Err: std::fmt::Display>,
{
    match value?.parse() {
        Ok(parsed) => Some(parsed),
        Err(expected) => {
            let value = value?;
            faults.note(
                Part::Setting(setting),
                format!("{setting} `{value}` is ignored: {expected}"),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Config, Vec<String>) {
        let faults = Faults::default();
        let lookup = |name: &str| {
            variables.iter().find(|variable| variable.0 == name).map(|variable| variable.1.into())
        };
        let config = Config::read(lookup, &faults);
        (config, faults.sentences())
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let (config, faults) = read(&[("STRANDED_BIND", ""), ("STRANDED_TLS_CERT", "")]);
        assert_eq!(config.bind.to_string(), "tcp:127.0.0.1:6669");
        assert_eq!(config.stacks, Stacks::Auto);
        assert_eq!(config.resources, Resources::Locks);
        assert!(config.token_file.is_none() && config.tls.is_empty());
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn every_variable_is_read() {
        let (config, faults) = read(&[
            ("STRANDED_BIND", "unix:/run/app.sock"),
            ("STRANDED_STACKS", "off"),
            ("STRANDED_RESOURCES", "all"),
            ("STRANDED_MEMORY_MB", "64"),
            ("STRANDED_TOKEN_FILE", "/etc/token"),
            ("STRANDED_TLS_KEY", "/etc/key.pem"),
        ]);
        assert_eq!(config.bind.to_string(), "unix:/run/app.sock");
        assert_eq!(config.stacks, Stacks::Off);
        assert_eq!(config.resources, Resources::All);
        assert_eq!(config.memory_mb, 64);
        assert_eq!(config.token_file, Some(PathBuf::from("/etc/token")));
        assert_eq!(config.tls, ["STRANDED_TLS_KEY"]);
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn a_bad_value_keeps_the_default_and_is_a_fault() {
        let (config, faults) = read(&[
            ("STRANDED_BIND", "6669"),
            ("STRANDED_STACKS", "yes"),
            ("STRANDED_RESOURCES", "some"),
            ("STRANDED_MEMORY_MB", "-1"),
        ]);
        assert_eq!(config.bind, Bind::default());
        assert_eq!(config.stacks, Stacks::Auto);
        assert_eq!(config.resources, Resources::Locks);
        assert_eq!(config.memory_mb, Config::default().memory_mb);
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert!(faults.iter().any(|fault| {
            fault == "STRANDED_STACKS `yes` is ignored: expected `auto`, `on` or `off`"
        }));
    }
}

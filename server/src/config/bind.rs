//! Where to listen, as people write it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bind {
    /// A TCP port; 0 lets the system choose.
    Tcp {
        /// A name or an address, IPv6 without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// Nowhere.
    Off,
}

impl Default for Bind {
    /// Loopback, on the port of tokio-console.
    fn default() -> Self {
        Self::Tcp { host: "127.0.0.1".to_owned(), port: 6669 }
    }
}

/// Why an address cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadBind {
    /// It has no known form.
    #[error("expected `HOST:PORT`, `tcp:HOST:PORT`, `unix:PATH` or `off`")]
    Form,
    /// Its port is none.
    #[error("`{0}` is not a port, expected 0 to 65535")]
    Port(String),
}

impl FromStr for Bind {
    type Err = BadBind;

    fn from_str(address: &str) -> Result<Self, BadBind> {
        let address = address.trim();
        if address == "off" {
            return Ok(Self::Off);
        }
        if let Some(path) = address.strip_prefix("unix:") {
            return if path.is_empty() { Err(BadBind::Form) } else { Ok(Self::Unix(path.into())) };
        }
        let address = address.strip_prefix("tcp:").unwrap_or(address);
        let (host, port) = address.rsplit_once(':').ok_or(BadBind::Form)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        // Without brackets nobody can tell where an IPv6 address ends.
        if host.is_empty() || host.contains('/') || (bracketed.is_none() && host.contains(':')) {
            return Err(BadBind::Form);
        }
        let port = port.parse().map_err(|_| BadBind::Port(port.to_owned()))?;
        Ok(Self::Tcp { host: bracketed.unwrap_or(host).to_owned(), port })
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Off => f.write_str("off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        for (text, canonical) in [
            ("tcp:127.0.0.1:6669", "tcp:127.0.0.1:6669"),
            ("localhost:0", "tcp:localhost:0"),
            ("[::1]:80", "tcp:[::1]:80"),
            (" 0.0.0.0:6669 ", "tcp:0.0.0.0:6669"),
            ("unix:/run/app.sock", "unix:/run/app.sock"),
            ("off", "off"),
        ] {
            assert_eq!(text.parse::<Bind>().unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
        for text in ["", "6669", ":6669", "unix:", "http://127.0.0.1:6669", "::1:80", "[::1]"] {
            assert!(text.parse::<Bind>().is_err(), "{text:?}");
        }
        assert_eq!("localhost:http".parse::<Bind>(), Err(BadBind::Port("http".to_owned())));
    }
}

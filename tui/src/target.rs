//! TARGET: what to attach to, as people write it.

use std::fmt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::link::event::Problem;

/// The variable that names the target when the command line does not.
pub const VARIABLE: &str = "STRANDED_TARGET";
/// What to write instead of what is no target.
const FORMS: &str = "write HOST:PORT, http://HOST:PORT or unix:PATH";
/// The port that agents listen on unless told otherwise.
pub const DEFAULT_PORT: u16 = 6669;

/// What to attach to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An agent behind a TCP port.
    Tcp {
        /// A name or an address, IPv6 without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// An agent behind a Unix socket.
    Unix(PathBuf),
    /// A file of recorded updates.
    Recording(PathBuf),
}

impl Default for Target {
    /// Where an agent listens unless told otherwise.
    fn default() -> Self {
        Self::Tcp { host: "127.0.0.1".to_owned(), port: DEFAULT_PORT }
    }
}

impl Target {
    /// The target of the command line, else of the environment, else the default.
    pub fn choose(argument: Option<&str>) -> Result<Self, Problem> {
        if let Some(text) = argument {
            return text.parse();
        }
        match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            None => Ok(Self::default()),
            Some(value) => value.to_string_lossy().parse().map_err(|problem: Problem| Problem {
                what: format!("{} (from {VARIABLE})", problem.what),
                hint: problem.hint,
            }),
        }
    }
}

impl FromStr for Target {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if let Some((scheme, rest)) = text.split_once("://") {
            return match scheme.to_ascii_lowercase().as_str() {
                "http" => http(text, rest),
                "https" => Err(no_tls(text)),
                "unix" => unix(text, rest),
                "file" => file_url(text, rest),
                _ => Err(unknown(text, &format!("the scheme `{scheme}` is not known"))),
            };
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(text, path);
        }
        if let Ok(metadata) = std::fs::metadata(text) {
            return existing(text, &metadata);
        }
        if let Some(address) = host_and_port(text) {
            return Ok(address);
        }
        if text.contains('/') {
            return Err(Problem {
                what: format!("There is no file `{text}`"),
                hint: FORMS.to_owned(),
            });
        }
        Err(unknown(text, "it is neither an address nor an existing file"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "http://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "http://{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Recording(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What follows `http://`; the port defaults to the agent's, not to the web's.
fn http(text: &str, rest: &str) -> Result<Target, Problem> {
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(unknown(text, "an agent has no path behind its port"));
    }
    let is_name = !authority.is_empty() && !authority.contains([':', '@', ' ']);
    let address = match authority.parse::<u16>() {
        Ok(_) => None,
        Err(_) => host_and_port(authority).or_else(|| {
            is_name.then(|| Target::Tcp { host: authority.to_owned(), port: DEFAULT_PORT })
        }),
    };
    address.ok_or_else(|| unknown(text, "its host or its port makes no sense"))
}

/// The path after `unix:` or `unix://`.
fn unix(text: &str, path: &str) -> Result<Target, Problem> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(unknown(text, "the path of the socket is missing"));
    }
    Ok(Target::Unix(PathBuf::from(path)))
}

/// `file://localhost/PATH`, as tokio-console writes a Unix socket.
fn file_url(text: &str, rest: &str) -> Result<Target, Problem> {
    match rest.strip_prefix("localhost").unwrap_or(rest) {
        path if path.starts_with('/') && path.len() > 1 => Ok(Target::Unix(PathBuf::from(path))),
        _ => Err(unknown(text, "a socket file is written file://localhost/PATH")),
    }
}

/// A file that is there: a socket or a recording.
fn existing(text: &str, metadata: &std::fs::Metadata) -> Result<Target, Problem> {
    let path = Path::new(text).to_owned();
    if metadata.file_type().is_socket() {
        Ok(Target::Unix(path))
    } else if metadata.is_dir() {
        Err(Problem {
            what: format!("`{text}` is a directory"),
            hint: "name a socket in it, as in unix:PATH".to_owned(),
        })
    } else {
        Ok(Target::Recording(path))
    }
}

/// `HOST:PORT`, `[IPV6]:PORT`, a bare port on this machine, or a bare address or `localhost`.
fn host_and_port(text: &str) -> Option<Target> {
    let tcp = |host: &str, port| Some(Target::Tcp { host: host.to_owned(), port });
    if let Ok(port) = text.parse::<u16>() {
        return if port == 0 { None } else { tcp("127.0.0.1", port) };
    }
    let bare = text.trim_matches(['[', ']']);
    if bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok() {
        return tcp(bare, DEFAULT_PORT);
    }
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|&port| port != 0)?;
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => tcp(address, port),
        // Without brackets nobody can tell where an IPv6 address ends.
        None if !host.is_empty() && !host.contains([':', '/', '@', '[', ']', ' ']) => {
            tcp(host, port)
        }
        _ => None,
    }
}

fn no_tls(text: &str) -> Problem {
    let rest = text.split_once("://").map_or(text, |parts| parts.1);
    let port = rest.rsplit_once(':').and_then(|parts| parts.1.trim_end_matches('/').parse().ok());
    let port: u16 = port.unwrap_or(DEFAULT_PORT);
    Problem {
        what: format!("Cannot attach to `{text}`: TLS is not supported yet"),
        hint: format!(
            "forward the port (kubectl port-forward POD {port}, \
             or ssh -L {port}:127.0.0.1:{port} HOST) and attach to http://127.0.0.1:{port}"
        ),
    }
}

fn unknown(text: &str, why: &str) -> Problem {
    Problem {
        what: format!("`{text}` is not a target: {why}"),
        hint: format!("{FORMS}; `stranded --help` lists the commands"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, Problem> {
        text.parse::<Target>().map(|target| target.to_string())
    }

    #[test]
    fn every_documented_form_is_read() {
        for (text, canonical) in [
            ("http://127.0.0.1:6669", "http://127.0.0.1:6669"),
            ("http://orders.internal:7000/", "http://orders.internal:7000"),
            ("HTTP://localhost", "http://localhost:6669"),
            ("http://[::1]:80", "http://[::1]:80"),
            ("http://orders", "http://orders:6669"),
            ("10.0.0.7:7000", "http://10.0.0.7:7000"),
            ("orders:7000", "http://orders:7000"),
            ("[::1]:7000", "http://[::1]:7000"),
            ("::1", "http://[::1]:6669"),
            ("localhost", "http://localhost:6669"),
            ("10.0.0.7", "http://10.0.0.7:6669"),
            (" 7000 ", "http://127.0.0.1:7000"),
            ("unix:/run/app.sock", "unix:/run/app.sock"),
            ("unix:///run/app.sock", "unix:/run/app.sock"),
            ("unix:app.sock", "unix:app.sock"),
            ("file://localhost/run/app.sock", "unix:/run/app.sock"),
            ("file:///run/app.sock", "unix:/run/app.sock"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        for text in [
            "",
            "orders",
            "chekc",
            ":6669",
            "orders:",
            "orders:0",
            "orders:70000",
            "::1:80:x",
            "0",
            "70000",
            "http://",
            "http://:6669",
            "http://orders:x",
            "http://orders:/",
            "http://7000",
            "http://orders/tasks",
            "http://a@b:1",
            "ftp://orders",
            "unix:",
            "unix://",
            "file://orders/run",
            "file://localhost",
            "[orders]:80",
            "a b:80",
        ] {
            let problem = parse(text).expect_err(text);
            assert!(problem.what.contains(&format!("`{text}`")), "{problem:?}");
            assert!(problem.hint.contains("HOST:PORT"), "{problem:?}");
        }
    }

    #[test]
    fn https_is_refused_with_a_way_around() {
        let problem = parse("https://orders.internal:7443").unwrap_err();
        assert!(problem.what.contains("TLS"), "{problem:?}");
        assert!(problem.hint.contains("kubectl port-forward POD 7443"), "{problem:?}");
    }

    #[test]
    fn a_file_that_exists_is_a_recording_or_a_socket() {
        let directory = tempfile::tempdir().unwrap();
        let recording = directory.path().join("night.rec");
        std::fs::write(&recording, b"").unwrap();
        let socket = directory.path().join("app.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();

        let parsed = |path: &Path| path.to_str().unwrap().parse::<Target>();
        assert_eq!(parsed(&recording), Ok(Target::Recording(recording.clone())));
        assert_eq!(parsed(&socket), Ok(Target::Unix(socket.clone())));
        assert!(parsed(directory.path()).unwrap_err().what.contains("is a directory"));
        assert!(parsed(&directory.path().join("gone")).unwrap_err().what.contains("no file"));
    }
}

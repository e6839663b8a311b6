//! Durations, counts and plurals as a person reads them, and untrusted text made safe to print.

mod printable;

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use crate::facts::{ResourceFacts, ResourceKind, SpawnSite, Wait};
use crate::report::ParkPoint;

pub use printable::printable;

/// A duration in at most six cells: `0s`, `250ns`, `1.8s`, `180ms`, `41m07s`, `3d04h`, `2y103d`.
///
/// It is cut, not rounded, so that an age never reads older than it is.
pub fn duration(span: Duration) -> String {
    let ns = span.as_nanos();
    let s = span.as_secs();
    let (minutes, hours, days) = (s / 60, s / 3600, s / 86_400);
    let years = days / 365;
    match () {
        () if ns == 0 => "0s".to_owned(),
        () if ns < 1_000 => format!("{ns}ns"),
        () if ns < 1_000_000 => with_tenth(ns / 100, "us"),
        () if ns < 1_000_000_000 => with_tenth(ns / 100_000, "ms"),
        () if s < 60 => with_tenth(ns / 100_000_000, "s"),
        () if minutes < 60 => format!("{minutes}m{:02}s", s % 60),
        () if hours < 24 => format!("{hours}h{:02}m", minutes % 60),
        () if days < 100 => format!("{days}d{:02}h", hours % 24),
        () if days < 365 => format!("{days}d"),
        () if years < 10 => format!("{years}y{}d", days % 365),
        () => format!("{}y", years.min(99_999)),
    }
}

/// `tenths` of a unit: one decimal below ten, none above, and none where it is zero.
fn with_tenth(tenths: u128, unit: &str) -> String {
    if tenths >= 100 || tenths.is_multiple_of(10) {
        format!("{}{unit}", tenths / 10)
    } else {
        format!("{}.{}{unit}", tenths / 10, tenths % 10)
    }
}

/// A count with thousands separators: `182,859`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 task`, `2,160 tasks`. The plural is the noun with an `s`.
pub fn counted(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n)) }
}

/// The one of two words that agrees with `n`: `agree(n, "waits", "wait")`.
pub fn agree<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// A share of a whole as a percentage: `1.7 %`, `37 %`, `0.02 %`, `under 0.01 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".to_owned();
    }
    let share = 100.0 * part as f64 / whole as f64;
    match share {
        _ if part == whole => "100 %".to_owned(),
        _ if share < 0.01 => "under 0.01 %".to_owned(),
        _ if share < 0.1 => format!("{share:.2} %"),
        // Never a rounded 100 for a part that is not the whole.
        _ if share < 10.0 => format!("{share:.1} %"),
        _ => format!("{} %", share.floor()),
    }
}

/// A growth per minute with its sign: `+6`, `+0.4`, `-12`, `0`.
pub fn growth(per_minute: f64) -> String {
    let size = per_minute.abs();
    let sign = if per_minute < 0.0 { "-" } else { "+" };
    match size {
        _ if !size.is_finite() => "unknown".to_owned(),
        _ if size < 0.05 => "0".to_owned(),
        _ if size < 9.95 && (size - size.round()).abs() >= 0.05 => format!("{sign}{size:.1}"),
        _ => format!("{sign}{}", count(size.round() as u64)),
    }
}

/// A size in bytes: `512 B`, `18 KiB`, `1.5 MiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut size = n as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if size < 9.95 {
        format!("{size:.1} {}", UNITS[unit])
    } else {
        format!("{size:.0} {}", UNITS[unit])
    }
}

/// A spawn site as a person names it: ``src/cache.rs:88 `conn-#` ``.
pub fn site(site: &SpawnSite) -> String {
    let place = format!("{}:{}", path(&site.file), site.line);
    if site.name.is_empty() { place } else { format!("{place} `{}`", printable(&site.name)) }
}

/// What the path of a source of a crate from a registry has in it.
const REGISTRY: &str = "/registry/src/";

/// A source path without the part before the crate, for a crate from a registry, and printable.
pub fn path(file: &str) -> Cow<'_, str> {
    let short = file
        .split_once(REGISTRY)
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or(file, |(_index, of_crate)| of_crate);
    printable(short)
}

/// A resource as a person names it: "the mutex from src/ledger.rs:30", "mutex 12" where its place is not told, or in a
/// crate from a registry: `Mutex::default()` is made in Tokio's own source.
pub fn resource(resource: &ResourceFacts) -> String {
    let kind = match resource.kind {
        ResourceKind::RwLock => "RwLock",
        ResourceKind::OnceCell => "once cell",
        ResourceKind::ChannelRoom => "channel's room",
        ResourceKind::Mpsc => "mpsc channel",
        ResourceKind::Oneshot => "oneshot channel",
        ResourceKind::Broadcast => "broadcast channel",
        ResourceKind::Watch => "watch channel",
        ResourceKind::Unknown => "resource",
        other => other.name(),
    };
    match resource.place.as_ref().filter(|place| !place.file.contains(REGISTRY)) {
        Some(place) => format!("the {kind} from {}:{}", path(&place.file), place.line),
        // The top bit of an id marks the wrapped ones; the rest is a count.
        None => format!("{kind} {}", resource.id.0 & !(1 << 63)),
    }
}

/// A fragment as the beginning of a sentence.
pub fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// A park point as a person names it: ``oneshot recv at src/cache.rs:95 (`claim`)``. Where no primitive is known, the
/// function that keeps the waker is the name, said once: `` `Answer::poll` at src/quotes.rs:56``.
pub fn place(point: &ParkPoint) -> String {
    let function = point.function.as_deref().map(printable);
    let (wait, function) = match (&point.wait, function) {
        (Wait::Other(keeper), Some(function)) if printable(keeper).ends_with(&*function) => {
            (format!("`{function}`"), None)
        }
        (Wait::Other(keeper), function) => (format!("`{}`", printable(keeper)), function),
        (wait, function) => (wait.to_string(), function),
    };
    let mut text = wait;
    if let Some(file) = &point.file {
        let _ = write!(text, " at {}", path(file));
        if let Some(line) = point.line {
            let _ = write!(text, ":{line}");
        }
    }
    if let Some(function) = function {
        let _ = write!(text, " (`{function}`)");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0s")]
    #[case(250, "250ns")]
    #[case(1_500, "1.5us")]
    #[case(999_999, "999us")]
    #[case(12_000_000, "12ms")]
    #[case(180_900_000, "180ms")]
    #[case(1_800_000_000, "1.8s")]
    #[case(2_000_000_000, "2s")]
    #[case(59_999_999_999, "59s")]
    #[case(60_000_000_000, "1m00s")]
    #[case(2_467_000_000_000, "41m07s")]
    #[case(273_600_000_000_000, "3d04h")]
    #[case(8_640_000_000_000_000, "100d")]
    #[case(31_536_000_000_000_000, "1y0d")]
    fn durations_read_as_a_person_says_them(#[case] ns: u64, #[case] text: &str) {
        assert_eq!(duration(Duration::from_nanos(ns)), text);
    }

    #[rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1_000, "1,000")]
    #[case(182_859, "182,859")]
    #[case(u64::MAX, "18,446,744,073,709,551,615")]
    fn counts_have_separators(#[case] n: u64, #[case] text: &str) {
        assert_eq!(count(n), text);
    }

    #[rstest]
    #[case("oneshot.recv", Some("claim"), "oneshot recv at src/a.rs:5 (`claim`)")]
    #[case("other:app::Answer::poll", Some("Answer::poll"), "`Answer::poll` at src/a.rs:5")]
    #[case("other:app::Signal", Some("wait"), "`app::Signal` at src/a.rs:5 (`wait`)")]
    #[case("other:app::Signal", None, "`app::Signal` at src/a.rs:5")]
    fn a_place_names_each_thing_once(
        #[case] wait: &str,
        #[case] function: Option<&str>,
        #[case] text: &str,
    ) {
        let point = ParkPoint {
            wait: Wait::from_code(wait),
            file: Some("src/a.rs".to_owned()),
            line: Some(5),
            function: function.map(str::to_owned),
            current: true,
        };
        assert_eq!(place(&point), text);
    }

    #[test]
    fn singular_and_plural_are_both_right() {
        assert_eq!(counted(1, "task"), "1 task");
        assert_eq!(counted(0, "task"), "0 tasks");
        assert_eq!(counted(2_160, "task"), "2,160 tasks");
    }

    #[rstest]
    #[case(0, 10, "0 %")]
    #[case(36, 2_160, "1.7 %")]
    #[case(999, 1_000, "99 %")]
    #[case(10, 10, "100 %")]
    #[case(1, 1_000_000, "under 0.01 %")]
    #[case(1, 0, "0 %")]
    fn shares(#[case] part: u64, #[case] whole: u64, #[case] text: &str) {
        assert_eq!(percent(part, whole), text);
    }

    #[rstest]
    #[case(0.0, "0")]
    #[case(6.0, "+6")]
    #[case(0.4, "+0.4")]
    #[case(-12.4, "-12")]
    #[case(1190.0, "+1,190")]
    fn growths(#[case] per_minute: f64, #[case] text: &str) {
        assert_eq!(growth(per_minute), text);
    }

    proptest! {
        #[test]
        fn a_duration_is_at_most_six_cells_wide(ns in any::<u64>()) {
            let text = duration(Duration::from_nanos(ns));
            prop_assert!(text.chars().count() <= 6, "{text}");
        }
    }
}

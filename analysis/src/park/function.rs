//! Names of functions, short enough for a line.

/// The end of a function's path: its name, with the type it belongs to; closures count to the function
/// around them, and generic arguments go.
pub fn short_function(path: &str) -> String {
    // Only a first segment in angle brackets is a type: later ones are arguments, or `<impl ..>`.
    let named = |(at, segment): &(usize, &str)| {
        !segment.is_empty() && !segment.starts_with('{') && (*at == 0 || !segment.starts_with('<'))
    };
    let segments: Vec<&str> =
        segments(path).into_iter().enumerate().filter(named).map(|(_, segment)| segment).collect();
    let Some((name, owners)) = segments.split_last() else {
        return path.to_owned();
    };
    let name = without_generics(name);
    match owners.last().map(|owner| owner_name(owner)) {
        Some(owner) if owner.starts_with(char::is_uppercase) => format!("{owner}::{name}"),
        _ => name.to_owned(),
    }
}

/// Splits at `::` outside of angle brackets.
fn segments(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            // Not the arrow of a function type.
            b'>' if at == 0 || bytes[at - 1] != b'-' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                parts.push(&path[start..at]);
                start = at + 2;
            }
            _ => {}
        }
    }
    parts.push(path.get(start..).unwrap_or_default());
    parts
}

/// `Conn` of `<orders::Conn as Drop>`, `orders::Conn<T>` or `Conn`.
fn owner_name(owner: &str) -> &str {
    let inner =
        owner.strip_prefix('<').map_or(owner, |rest| rest.strip_suffix('>').unwrap_or(rest));
    let of_type = inner.split(" as ").next().unwrap_or(inner);
    without_generics(segments(of_type).last().copied().unwrap_or(of_type))
}

fn without_generics(name: &str) -> &str {
    name.split('<').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("claim_conn", "claim_conn")]
    #[case("orders::cache::claim_conn::{{closure}}", "claim_conn")]
    #[case("orders::cache::Cache::get::{closure#0}::{closure#1}", "Cache::get")]
    #[case("<orders::cache::Conn as core::ops::Drop>::drop", "Conn::drop")]
    #[case("<orders::Pool<T> as orders::Get<K, fn() -> V>>::get::{{closure}}", "Pool::get")]
    #[case("orders::run::<orders::A>::{{closure}}", "run")]
    #[case("orders::Hub<orders::A>::run", "Hub::run")]
    #[case("{{closure}}", "{{closure}}")]
    #[case("", "")]
    #[case("a::<b::", "a")]
    fn functions_are_shortened(#[case] path: &str, #[case] short: &str) {
        assert_eq!(short_function(path), short);
    }
}

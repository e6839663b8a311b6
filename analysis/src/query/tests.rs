use std::time::Duration;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// A row with the values of a table.
struct Table(&'static [(Key, Value<'static>)]);

impl Fields for Table {
    fn any(&self, key: &Key, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        self.0.iter().any(|(known, value)| known == key && test(*value))
    }
}

const ROW: Table = Table(&[
    (Key::Site, Value::Text("src/cache.rs:88")),
    (Key::Name, Value::Text("")),
    (Key::Kind, Value::Text("task")),
    (Key::State, Value::Text("parked")),
    (Key::Verdict, Value::Text("likely")),
    (Key::Rule, Value::Text("L1")),
    (Key::Waits, Value::Text("oneshot recv")),
    (Key::Waits, Value::Text("timer")),
    (Key::Parked, Value::Span(Duration::from_secs(300))),
    (Key::Wakers, Value::Number(0.0)),
    (Key::Grow, Value::Number(-1.5)),
    (Key::Own, Value::Flag(false)),
]);

#[rstest]
#[case("", true)]
#[case("cache", true)]
#[case("CACHE.rs:88", true)]
#[case("pool", false)]
#[case("\"oneshot recv\"", true)]
#[case("oneshot recv", true)]
#[case("cache and recv", true)]
#[case("pool or cache", true)]
#[case("pool or cache rule=L2", false)]
#[case("(pool or cache) rule=L1", true)]
#[case("-pool", true)]
#[case("not cache", false)]
#[case("-(pool or rule=l1)", false)]
#[case("state=parked parked>=5m", true)]
#[case("parked>5m", false)]
#[case("parked<1h30m", true)]
#[case("wakers=0 kind=task", true)]
#[case("wakers!=0", false)]
#[case("grow>-2", true)]
#[case("grow>0", false)]
#[case("site~^src/c.*88$", true)]
#[case("site~^cache", false)]
#[case("site!=src/cache.rs:88", false)]
#[case("site:RS", true)]
#[case("site:\"a b\"", false)]
#[case("-waits:timer", false)]
#[case("waits=timer", true)]
#[case("waits!=timer", false)]
#[case("self=no", true)]
#[case("self=yes", false)]
#[case("likely", true)]
#[case("parked", true)]
// What is not known equals nothing, and differs from nothing.
#[case("polls=0", false)]
#[case("polls!=0", false)]
#[case("polls=unknown", true)]
#[case("wakers=unknown", false)]
#[case("wakers!=unknown", true)]
#[case("field.tenant=acme", false)]
#[case("field.tenant=unknown", true)]
#[case("name=\"\"", true)]
fn what_a_filter_selects(#[case] text: &str, #[case] selected: bool) {
    assert_eq!(Query::parse(text).unwrap().matches(&ROW), selected);
}

#[rstest]
#[case("sate=parked", 0..4, "`sate` is no key")]
#[case("cache (", 7..7, "a term is missing")]
#[case("(cache", 0..1, "not closed")]
#[case("cache)", 5..6, "nothing is open")]
#[case("()", 1..2, "a term is missing before `)`")]
#[case("or cache", 0..2, "a term is missing before `or`")]
#[case("cache or", 8..8, "a term is missing")]
#[case("cache and and x", 10..13, "a term is missing before `and`")]
#[case("-", 1..1, "a term is missing")]
#[case("a \"b c", 2..6, "the quote is not closed")]
#[case("parked>5", 7..8, "with its unit")]
#[case("parked:5m", 6..7, "is for text")]
#[case("wakers=few", 7..10, "a number")]
#[case("wakers=nan", 7..10, "a number")]
#[case("state=sleeping", 6..14, "one of running")]
#[case("state>parked", 5..6, "has no order")]
#[case("self=maybe", 5..10, "yes or no")]
#[case("site~(", 5..5, "a value must follow `site~`")]
#[case("site~[", 5..6, "not a regular expression")]
#[case("x site=", 7..7, "a value must follow `site=`")]
fn where_a_filter_is_wrong(
    #[case] text: &str,
    #[case] span: std::ops::Range<usize>,
    #[case] message: &str,
) {
    let error = Query::parse(text).unwrap_err();
    assert_eq!(error.span, span, "{}", error.message);
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn hostile_filters_are_refused_not_obeyed() {
    assert!(Query::parse(&"(".repeat(4000)).is_err());
    assert!(Query::parse(&"-".repeat(4000)).is_err());
    assert!(Query::parse(&"a ".repeat(4000)).is_err());
    assert!(Query::parse("site~(((a{200}){200}){200})").is_err());
}

#[test]
fn a_filter_knows_which_keys_it_needs() {
    let query = Query::parse("state=parked -(id=3)").unwrap();
    assert!(query.uses(&Key::Id) && !query.uses(&Key::Waits));
    assert!(Query::parse("cache").unwrap().uses(&Key::Waits));
    assert_eq!(Query::parse("cache").unwrap().place_of(&Key::Waits), None, "nobody wrote it");
    assert_eq!(Query::parse("a or -(waits : timer)").unwrap().place_of(&Key::Waits), None);
    assert_eq!(Query::parse("a or -(waits:timer)").unwrap().place_of(&Key::Waits), Some(7..12));
}

#[test]
fn every_key_has_a_name_that_reads_back() {
    for name in Key::names().filter(|name| *name != "field.NAME") {
        assert!(Key::parse(name).is_some(), "{name}");
    }
    assert_eq!(Key::parse("field."), None);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_within_its_bounds(text in any::<String>()) {
        if let Err(error) = Query::parse(&text) {
            prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
            prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
        }
    }

    #[test]
    fn text_made_of_the_grammar_is_read_or_refused(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["(", ")", "-", "not ", "or ", "and ", "a ", "\"", "\\", "parked>5m ", "id=", "site~", ":", "=", "é", " "]),
            0..40,
        )
    ) {
        let text = pieces.concat();
        match Query::parse(&text) {
            Ok(query) => { query.matches(&ROW); }
            Err(error) => prop_assert!(text.get(error.span).is_some()),
        }
    }

    #[test]
    fn a_negated_term_selects_the_others(word in "[a-z]{1,6}") {
        prop_assume!(!["or", "and", "not"].contains(&word.as_str()));
        let plain = Query::parse(&word).unwrap().matches(&ROW);
        prop_assert_ne!(Query::parse(&format!("-{word}")).unwrap().matches(&ROW), plain);
    }
}

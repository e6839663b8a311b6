//! What is acknowledged, and what stands.

use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::facts::{Moment, SiteId, SpawnSite, TaskKind, Wait};
use crate::policy::Policy;
use crate::report::{Class, ParkPoint, RuleId, Stage};

const TODAY: &str = "2027-06-30";

fn today() -> Date {
    Date::parse(TODAY).unwrap()
}

/// `affected` tasks of `src/hub.rs:12:5`, named `shard-#`, that wait in `mpsc recv` at `src/hub.rs:40`.
fn finding(affected: u64) -> Finding {
    Finding {
        rule: RuleId("L1"),
        title: "survivors",
        class: Class::Likely,
        stage: Stage::Confirmed,
        since: Moment(0),
        site_id: SiteId(1),
        site: SpawnSite {
            file: "src/hub.rs".to_owned(),
            line: 12,
            column: 5,
            name: "shard-#".to_owned(),
            kind: TaskKind::Task,
        },
        park: Some(ParkPoint {
            wait: Wait::MpscRecv,
            file: Some("src/hub.rs".to_owned()),
            line: Some(40),
            function: Some("Hub::run".to_owned()),
            current: true,
        }),
        live: affected + 100,
        affected,
        growth_per_min: None,
        oldest: Duration::from_secs(60),
        examples: Vec::new(),
        evidence: Vec::new(),
        counter_evidence: Vec::new(),
        fix: String::new(),
        clears: String::new(),
        blocked_behind: None,
        acknowledged: None,
    }
}

/// The same at another site.
fn elsewhere(affected: u64) -> Finding {
    let place = SpawnSite { line: 90, ..finding(0).site };
    Finding { site_id: SiteId(2), site: place, ..finding(affected) }
}

/// A policy with the entries `text`.
fn policy(text: &str) -> Policy {
    Policy { allowances: Allowances::parse(text, today()).unwrap(), ..Policy::default() }
}

/// A policy with one entry of the lines `text`.
fn entry(text: &str) -> Policy {
    policy(&format!("[[allow]]\nreason = 'one per shard'\n{text}"))
}

/// Who speaks for each of `findings`, in the order given.
fn acknowledged(findings: &[Finding], policy: &Policy) -> Vec<Option<AcknowledgedBy>> {
    let mut findings: Vec<Finding> = findings
        .iter()
        .enumerate()
        // The fix tells them apart after they were sorted.
        .map(|(at, finding)| Finding { fix: at.to_string(), ..finding.clone() })
        .collect();
    apply(&mut findings, policy);
    findings.sort_by_key(|finding| finding.fix.parse::<usize>().unwrap());
    findings.into_iter().map(|finding| finding.acknowledged.map(|by| by.by)).collect()
}

const BY_LINE_1: Option<AcknowledgedBy> = Some(AcknowledgedBy::Allowance(1));

#[rstest]
#[case("site = 'src/hub.rs:*'", true)]
#[case("site = 'src/hub.rs:12'", true)]
#[case("site = 'src/hub.rs:12:5'", true)]
#[case("site = 'src/hub.rs'", true)]
#[case("site = 'src/*'", true)]
#[case("site = 'src/hub.rs:1'", false)]
#[case("site = 'hub.rs'", false)]
#[case("name = 'shard-*'", true)]
#[case("name = 'shard-#'", true)]
#[case("name = 'shard'", false)]
#[case("park = 'src/hub.rs:40'", true)]
#[case("park = 'mpsc.*'", true)]
#[case("park = 'Hub::run'", true)]
#[case("park = 'src/hub.rs:41'", false)]
#[case("site = 'src/*'\nrule = 'L1'", true)]
#[case("site = 'src/*'\nrule = ['P1', 'L*']", true)]
#[case("site = 'src/*'\nrule = 'P1'", false)]
#[case("site = 'src/*'\nname = 'other'", false)]
#[case("site = 'src/*'\nmax_live = 8", true)]
#[case("site = 'src/*'\nmax_live = 7", false)]
#[case("site = 'src/*'\nmax_live = 0", false)]
#[case("site = 'src/*'\nexpires = '2027-06-30'", true)]
#[case("site = 'src/*'\nexpires = 2027-07-01", true)]
#[case("site = 'src/*'\nexpires = '2027-06-29'", false)]
fn an_entry_speaks_for_what_it_names(#[case] text: &str, #[case] speaks: bool) {
    let found = acknowledged(&[finding(8)], &entry(text));
    assert_eq!(found, [BY_LINE_1.filter(|_| speaks)]);
}

#[test]
fn a_finding_without_a_park_point_is_at_no_place() {
    let nowhere = Finding { park: None, ..finding(1) };
    assert_eq!(acknowledged(std::slice::from_ref(&nowhere), &entry("park = '*'")), [None]);
    assert_eq!(acknowledged(&[nowhere], &entry("site = '*'")), [BY_LINE_1]);
}

#[test]
fn a_path_in_a_registry_is_named_as_reports_show_it() {
    let file = "/home/ci/.cargo/registry/src/index.crates.io-6f17/hyper-1.0.0/src/client.rs";
    let site = SpawnSite { file: file.to_owned(), ..finding(0).site };
    let found = acknowledged(&[Finding { site, ..finding(1) }], &entry("site = 'hyper-1.0.0/*'"));
    assert_eq!(found, [BY_LINE_1]);
}

#[test]
fn a_budget_counts_all_accused_tasks_of_a_site_and_each_site_alone() {
    let policy = entry("site = 'src/*'\nmax_live = 8");
    let both = [finding(5), Finding { park: None, ..finding(4) }, elsewhere(8)];
    assert_eq!(acknowledged(&both, &policy), [None, None, BY_LINE_1]);

    let mut findings = [finding(9)];
    let uses = apply(&mut findings, &policy);
    assert_eq!(
        findings[0].evidence,
        ["Line 1 of the policy allows 8 tasks here, and 9 are accused."]
    );
    assert_eq!(uses[0].standing, AllowanceStanding::Exceeded { max_live: 8 });
    assert_eq!(
        uses[0].text(),
        "line 1 (site `src/*`) allows 8 at a site and matches 9 accused tasks: look, or raise `max_live`"
    );
}

#[test]
fn unused_and_expired_entries_are_reported() {
    let policy = policy(
        "[[allow]]\nsite = 'src/hub.rs:*'\nreason = 'a'\n\n[[allow]]\nname = 'gone'\nrule = 'P1'\nreason = 'b'\n\n[[allow]]\nsite = '*'\nreason = 'c'\nexpires = '2027-01-01'\n",
    );
    let mut findings = [finding(3)];
    let uses = apply(&mut findings, &policy);
    let said: Vec<(usize, &str, u64)> =
        uses.iter().map(|usage| (usage.line, usage.standing.name(), usage.tasks)).collect();
    assert_eq!(said, [(1, "used", 3), (5, "unused", 0), (10, "expired", 3)]);
    assert_eq!(
        uses[1].text(),
        "line 5 (name `gone`, rule `P1`) matched nothing: remove it if that stays so"
    );
    assert_eq!(
        uses[2].text(),
        "line 10 (site `*`) expired on 2027-01-01: remove it, or give it a new date"
    );
}

#[test]
fn a_daemon_is_acknowledged_unless_it_can_never_run_again() {
    let daemon = |class| Finding {
        class,
        site: SpawnSite { name: "daemon:shard-#".to_owned(), ..finding(0).site },
        ..finding(1)
    };
    let found = acknowledged(
        &[daemon(Class::Likely), daemon(Class::Watch), daemon(Class::Proven), finding(1)],
        &Policy::default(),
    );
    let by_name = Some(AcknowledgedBy::Name);
    assert_eq!(found, [by_name, by_name, None, None]);
}

#[test]
fn acknowledged_findings_come_last() {
    let mut findings = [finding(1), elsewhere(2)];
    apply(&mut findings, &entry("site = 'src/hub.rs:12'"));
    assert_eq!(findings.map(|finding| finding.affected), [2, 1]);
}

mod files {
    use super::*;

    #[rstest]
    #[case("[[allow]\n", 1, "", "an entry is `[[allow]]`")]
    #[case("\n\nsite = 'x'\n", 3, "unknown field `site`", "an entry is")]
    #[case(
        "[[allow]]\nsite = 'x'\nreason = 'y'\nsits = 1\n",
        4,
        "unknown field `sits`",
        "an entry is"
    )]
    #[case("\n[[allow]]\nsite = 'x'\n", 2, "no `reason`", "say why")]
    #[case("[[allow]]\nreason = 'y'\n", 1, "would allow everything", "say where")]
    #[case("[[allow]]\nrule = 'L1'\nreason = 'y'\n", 1, "would allow everything", "say where")]
    #[case("[[allow]]\nsite = 'x'\nreason = ' '\n", 3, "`reason` is empty", "an entry is")]
    #[case("[[allow]]\nsite = ''\nreason = 'y'\n", 2, "`site` is empty", "an entry is")]
    #[case("[[allow]]\nsite = 1\nreason = 'y'\n", 2, "expected a string", "an entry is")]
    #[case(
        "[[allow]]\nsite = 'x'\nreason = 'y'\nrule = 'L99'\n",
        4,
        "no rule `L99`",
        "the rules are P1"
    )]
    #[case(
        "[[allow]]\nsite = 'x'\nreason = 'y'\nrule = ['L1', 2]\n",
        4,
        "`rule` has 2 in it",
        "as in `rule"
    )]
    #[case("[[allow]]\nsite = 'x'\nreason = 'y'\nrule = []\n", 4, "`rule` is empty", "as in `rule")]
    #[case(
        "[[allow]]\nsite = 'x'\nreason = 'y'\nmax_live = -1\n",
        4,
        "`max_live` is -1",
        "max_live = 8"
    )]
    #[case("[[allow]]\nsite = 'x'\nreason = 'y'\nexpires = 'soon'\n", 4, "`soon`", "2027-06-30")]
    #[case("[[allow]]\nsite = 'x'\nreason = 'y'\nexpires = 2027-02-29\n", 4, "", "")]
    #[case(
        "[[allow]]\nsite = 'x'\nreason = 'y'\nexpires = 2027-01-01T00:00:00Z\n",
        4,
        "no day",
        "2027-06-30"
    )]
    fn an_error_names_the_line_and_what_to_do(
        #[case] text: &str,
        #[case] line: usize,
        #[case] what: &str,
        #[case] hint: &str,
    ) {
        let error = Allowances::parse(text, today()).unwrap_err();
        assert_eq!(error.line, line, "{error:?}");
        assert!(error.to_string().starts_with(&format!("line {line}: ")), "{error}");
        assert!(error.what.contains(what) && error.hint.contains(hint), "{error:?}");
    }

    #[test]
    fn a_file_may_be_empty_and_must_not_be_huge() {
        assert!(Allowances::parse("# nothing yet\n", today()).unwrap().is_empty());
        let entries = "[[allow]]\nsite = 'x'\nreason = 'y'\n".repeat(1001);
        let error = Allowances::parse(&entries, today()).unwrap_err();
        assert_eq!((error.line, error.what.as_str()), (3001, "there are more than 1000 entries"));
        let long = format!("[[allow]]\nsite = '{}'\nreason = 'y'\n", "x".repeat(5000));
        let error = Allowances::parse(&long, today()).unwrap_err();
        assert_eq!((error.line, error.what.as_str()), (2, "`site` is longer than 4096 bytes"));
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let text = format!("allow = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Allowances::parse(&text, today()).is_err());
    }
}

mod baselines {
    use super::*;
    use crate::report::{Report, Verdict};

    /// A report with `findings`.
    fn report(findings: Vec<Finding>) -> Report {
        Report {
            at: Moment(0),
            boot: None,
            target: None,
            tracked: None,
            alive: None,
            verdict: Verdict::Inconclusive,
            complete: true,
            reasons: Vec::new(),
            findings,
            allowances: Vec::new(),
            sites: Vec::new(),
            inactive: Vec::new(),
            retracted: 0,
            untracked: None,
        }
    }

    /// A policy with the baseline of `findings`, written and read again.
    fn accepting(findings: Vec<Finding>) -> Policy {
        let baseline = Baseline::of(&report(findings));
        let read = Baseline::parse(&baseline.to_text()).unwrap();
        assert_eq!(read, baseline);
        Policy { baseline: Some(read), ..Policy::default() }
    }

    const ACCEPTED: Option<AcknowledgedBy> = Some(AcknowledgedBy::Baseline);

    #[test]
    fn what_is_there_is_accepted_until_there_is_more() {
        let policy = accepting(vec![finding(5), elsewhere(2)]);
        assert_eq!(acknowledged(&[finding(5), elsewhere(1)], &policy), [ACCEPTED, ACCEPTED]);
        assert_eq!(acknowledged(&[finding(6), elsewhere(2)], &policy), [None, ACCEPTED]);
        let mut more = [finding(6)];
        apply(&mut more, &policy);
        assert_eq!(more[0].evidence, ["The baseline accepts 5 tasks here, and 6 are accused."]);
    }

    #[test]
    fn another_site_is_not_accepted() {
        let policy = accepting(vec![finding(5)]);
        assert_eq!(acknowledged(&[elsewhere(1)], &policy), [None]);
        let renamed = SpawnSite { name: "other".to_owned(), ..finding(0).site };
        assert_eq!(acknowledged(&[Finding { site: renamed, ..finding(1) }], &policy), [None]);
    }

    #[test]
    fn park_points_of_a_site_add_up() {
        let policy = accepting(vec![finding(5), Finding { park: None, ..finding(2) }]);
        let moved = [finding(2), Finding { park: None, ..finding(5) }];
        assert_eq!(acknowledged(&moved, &policy), [ACCEPTED, ACCEPTED]);
        let grown = [finding(3), Finding { park: None, ..finding(5) }];
        assert_eq!(acknowledged(&grown, &policy), [None, None]);
    }

    #[test]
    fn a_suspicion_that_became_a_proof_is_not_accepted() {
        let proven = |affected| Finding { class: Class::Proven, park: None, ..finding(affected) };
        let policy = accepting(vec![finding(5)]);
        assert_eq!(acknowledged(&[proven(2), finding(3)], &policy), [None, ACCEPTED]);
        let policy = accepting(vec![proven(5)]);
        assert_eq!(acknowledged(&[finding(5)], &policy), [ACCEPTED]);
        assert_eq!(acknowledged(&[proven(1), finding(4)], &policy), [ACCEPTED, ACCEPTED]);
    }

    #[test]
    fn only_what_counts_goes_into_a_baseline() {
        let candidate = Stage::Candidate { confirms_in: Duration::from_secs(1) };
        let unconfirmed = Finding { stage: candidate, ..finding(1) };
        let mut known = [elsewhere(2)];
        apply(&mut known, &entry("site = '*'"));
        let [known] = known;
        assert!(Baseline::of(&report(vec![unconfirmed, known])).is_empty());
    }

    #[test]
    fn an_entry_of_the_policy_leaves_the_baseline_to_the_others() {
        let mut policy = accepting(vec![finding(5)]);
        policy.allowances = entry("site = '*'\npark = 'sleep'").allowances;
        let sleeps = ParkPoint { wait: Wait::Sleep, ..finding(0).park.unwrap() };
        let findings = [finding(5), Finding { park: Some(sleeps), ..finding(50) }];
        assert_eq!(acknowledged(&findings, &policy), [ACCEPTED, BY_LINE_1]);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let text = Baseline::of(&report(vec![finding(5), elsewhere(1)])).to_text();
        for (end, _) in text.char_indices() {
            let cut = &text[..end];
            // Without its last newline it is still whole.
            assert!(cut.trim_end() == text.trim_end() || Baseline::parse(cut).is_err(), "{cut}");
        }
    }

    #[rstest]
    #[case("", "no baseline")]
    #[case("[]", "no baseline")]
    #[case("{}", "no baseline")]
    #[case(r#"{"schema":"stranded.report.v1"}"#, "its schema is `stranded.report.v1`")]
    #[case(r#"{"schema":"stranded.baseline.v2","sites":7}"#, "stranded.baseline.v2")]
    #[case(r#"{"schema":"stranded.baseline.v1"}"#, "no baseline")]
    #[case(r#"{"schema":"stranded.baseline.v1","sites":[{"file":"x"}]}"#, "no baseline")]
    #[case(
        r#"{"schema":"stranded.baseline.v1","sites":[{"file":"x","line":-1,"name":"","kind":"task","proven":0,"likely":0,"watch":0}]}"#,
        "no baseline"
    )]
    fn what_is_no_baseline_is_refused(#[case] text: &str, #[case] said: &str) {
        let error = Baseline::parse(text).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }

    #[test]
    fn hostile_files_are_errors_or_harmless() {
        assert!(Baseline::parse(&"[".repeat(1 << 20)).is_err());
        let huge = r#"{"schema":"stranded.baseline.v1","sites":[{"file":"src/hub.rs","line":12,"name":"shard-#","kind":"task","proven":18446744073709551615,"likely":18446744073709551615,"watch":1}],"more":1}"#;
        let policy = Policy { baseline: Some(Baseline::parse(huge).unwrap()), ..Policy::default() };
        assert_eq!(acknowledged(&[finding(5)], &policy), [ACCEPTED]);
    }
}

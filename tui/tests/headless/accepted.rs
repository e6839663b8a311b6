//! `--policy`, `--baseline` and task names: what is accepted does not fail a script, and is still shown.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stranded_analysis::facts::Update;
use tempfile::TempDir;

use crate::facts::{self, looks};
use crate::fake::{Fake, Step, send};
use crate::run::{Ran, command, stranded};

/// A service with three tasks of `src/cache.rs:88` that lost their waker, and a directory for files.
struct Leaking {
    agent: Fake,
    directory: TempDir,
}

impl Leaking {
    fn start() -> Self {
        Self::with(facts::leaking)
    }

    fn with(scene: impl Fn(stranded_analysis::facts::Moment) -> Update) -> Self {
        let mut steps = send(looks(scene));
        steps.push(Step::Hold);
        Self { agent: Fake::start(vec![steps]), directory: TempDir::new().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn policy(&self, text: &str) -> String {
        let path = self.file("leaks.toml");
        fs::write(&path, text).unwrap();
        format!("--policy {}", path.display())
    }

    fn check(&self, arguments: &str) -> Ran {
        stranded(&format!("check {} --for 1s {arguments}", self.agent.target()))
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.all()))
}

const CACHE: &str = "[[allow]]\nsite = 'src/cache.rs:*'\nreason = 'known since May'\n";

#[test]
fn what_the_policy_allows_does_not_fail_and_is_shown() {
    let service = Leaking::start();
    let policy = service.policy(CACHE);
    let ran = service.check(&policy);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for said in [
        "Clean, but for 1 finding acknowledged.",
        "proven, acknowledged  P1 lost waker",
        "src/cache.rs:88",
        "Line 1 of the policy: known since May",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.all());
    }

    let report = json(&service.check(&format!("{policy} --json")));
    assert_eq!(report["verdict"], "clean", "{report:#}");
    let acknowledged = &report["findings"][0]["acknowledged"];
    assert_eq!((&acknowledged["by"], &acknowledged["line"]), (&"allowance".into(), &1.into()));
    let entry = &report["allowances"][0];
    assert_eq!((&entry["standing"], &entry["tasks"]), (&"used".into(), &3.into()), "{report:#}");
}

#[test]
fn beyond_its_budget_an_allowance_speaks_for_nothing() {
    let service = Leaking::start();
    assert_eq!(service.check(&service.policy(&format!("{CACHE}max_live = 3\n"))).code, 0);
    let ran = service.check(&service.policy(&format!("{CACHE}max_live = 2\n")));
    assert_eq!(ran.code, 1, "{}", ran.all());
    let said: String = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("Line 1 of the policy allows 2 tasks here, and 3 are accused."),
        "{said}"
    );
    assert!(said.contains("allows 2 at a site and matches 3 accused tasks"), "{said}");
}

#[test]
fn unused_and_expired_allowances_are_reported() {
    let service = Leaking::start();
    let policy = service.policy(&format!(
        "{CACHE}expires = '2001-01-01'\n[[allow]]\nname = 'nobody'\nreason = 'gone'\n"
    ));
    let ran = service.check(&policy);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let said: String = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("line 1 (site `src/cache.rs:*`) expired on 2001-01-01"), "{said}");
    assert!(said.contains("line 5 (name `nobody`) matched nothing"), "{said}");
    let report = json(&service.check(&format!("{policy} --json")));
    let standings: Vec<&str> = report["allowances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["standing"].as_str().unwrap())
        .collect();
    assert_eq!(standings, ["expired", "unused"]);
}

#[test]
fn list_reads_the_policy_and_the_environment_names_it() {
    let service = Leaking::start();
    let list = format!("list {}", service.agent.target());
    let path = service.policy(CACHE);
    let ran = stranded(&format!("{list} {path}"));
    let row = |ran: &Ran| {
        ran.stdout.lines().find(|line| line.contains("cache.rs:88")).unwrap().to_owned()
    };
    assert!(row(&ran).starts_with("accepted"), "{}", ran.all());
    let path = service.file("leaks.toml");
    let ran = Ran::of(&command(&list).env("STRANDED_POLICY", path).output().unwrap());
    assert!(row(&ran).starts_with("accepted"), "{}", ran.all());
    assert!(!row(&stranded(&list)).starts_with("accepted"));
    let listed = json(&stranded(&format!(
        "{list} --json --policy {}",
        service.file("leaks.toml").display()
    )));
    let site =
        listed["sites"]["rows"].as_array().unwrap().iter().find(|row| row["rule"] == "P1").unwrap();
    assert_eq!(site["acknowledged"], "Line 1 of the policy: known since May");
}

#[test]
fn a_policy_that_is_not_understood_is_an_error() {
    let service = Leaking::start();
    for (text, what, hint) in [
        ("[[allow]]\nsite = 'x'\n", "line 1: the entry has no `reason`", "say why"),
        (
            "[[allow]]\nsite = 'x'\nreason = 'y'\nexpires = 'June'\n",
            "line 4: `expires` is `June`",
            "2027-06-30",
        ),
        ("[[allow]\n", "line 1: ", "an entry is"),
    ] {
        service.check(&service.policy(text)).assert_error(what, hint);
    }
    service
        .check("--policy /nowhere/leaks.toml")
        .assert_error("Cannot read `/nowhere/leaks.toml`", "docs/ALLOW.md");
    let directory = service.directory.path().display();
    service.check(&format!("--policy {directory}")).assert_error("Cannot read", "leaks.toml");
}

#[test]
fn a_baseline_accepts_what_was_there_when_it_was_written() {
    let service = Leaking::start();
    let path = service.file("leaks.json");
    let ran = service.check(&format!("--write-baseline {}", path.display()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stderr.contains("1 site accepted in"), "{}", ran.all());
    let written = fs::read_to_string(&path).unwrap();

    let ran = service.check(&format!("--baseline {}", path.display()));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("The baseline accepts 3 accused tasks here."), "{}", ran.all());

    // One task fewer accepted: the finding stands.
    fs::write(&path, written.replace("\"proven\": 3", "\"proven\": 2")).unwrap();
    let ran = service.check(&format!("--baseline {} --json", path.display()));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stdout.contains("The baseline accepts 2 tasks here, and 3 are accused."),
        "{}",
        ran.all()
    );
    assert_eq!(files(service.directory.path()), ["leaks.json"]);
}

/// The names of the files in a directory.
fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_no_baseline_is_an_error() {
    let service = Leaking::start();
    let path = service.file("leaks.json");
    let baseline = format!("--baseline {}", path.display());
    service.check(&baseline).assert_error("Cannot read", "--write-baseline");
    fs::write(&path, "{\"schema\":\"stranded.baseline.v1\",\"sites\":[{\"file\"").unwrap();
    service.check(&baseline).assert_error("EOF while parsing", "--write-baseline");
    fs::write(&path, "{\"schema\":\"stranded.baseline.v2\"}").unwrap();
    service
        .check(&baseline)
        .assert_error("its schema is `stranded.baseline.v2`", "--write-baseline");
    fs::write(&path, [0xff; 16]).unwrap();
    service.check(&baseline).assert_error("Cannot read", "right file");
    fs::write(&path, vec![b' '; 5 << 20]).unwrap();
    service.check(&baseline).assert_error("larger than 4 MiB", "right file");
}

#[test]
fn no_baseline_is_written_from_an_inconclusive_check() {
    let service = Leaking::with(facts::low_coverage);
    let path = service.file("leaks.json");
    let ran = service.check(&format!("--write-baseline {}", path.display()));
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stderr.contains("is not written"), "{}", ran.all());
    assert!(files(service.directory.path()).is_empty());
}

/// The entries of the page, in the order of its text.
#[test]
fn the_policy_of_the_documentation_is_understood() {
    let page = include_str!("../../../docs/ALLOW.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let service = Leaking::start();
    let report = json(&service.check(&format!("{} --json", service.policy(example))));
    let entries = report["allowances"].as_array().unwrap();
    let subjects: Vec<&str> =
        entries.iter().map(|entry| entry["subject"].as_str().unwrap()).collect();
    assert_eq!(
        subjects,
        ["site `src/hub.rs:*`, rule `L1`, rule `L2`", "name `session-*`, park `tcp.read`"]
    );
}

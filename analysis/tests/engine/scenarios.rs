//! Every scenario file gives the findings that it expects, and no others.

use std::path::PathBuf;

use stranded_analysis::facts::SiteId;
use stranded_analysis::report::{SiteVerdict, Stage};
use stranded_analysis::{Model, Policy, Report, judge};

use crate::load::{ExpectFinding, Scenario, at, directory};

/// Applies all updates, looking at the findings after each complete census, as every viewer does.
pub(crate) fn play(scenario: &Scenario) -> (Model, Report) {
    let policy = Policy::default();
    let mut model = Model::default();
    for update in &scenario.updates {
        let complete = update.complete;
        model.apply(update.clone());
        if complete {
            model.review(model.at(), &policy);
        }
    }
    let report = judge(&model, model.at(), &policy);
    (model, report)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn as_expected(folder: &str) {
    let mut wrong = Vec::new();
    for file in files(folder) {
        let scenario = Scenario::read(&file);
        let (model, report) = play(&scenario);
        let faults = faults(&scenario, &model, &report);
        if !faults.is_empty() {
            wrong.push(format!(
                "{}\n  {}\n  {}\n{}",
                file.display(),
                scenario.about,
                faults.join("\n  "),
                report.to_text()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn leaks_are_found() {
    as_expected("leaks");
}

#[test]
fn healthy_look_alikes_are_not_accused() {
    as_expected("healthy");
}

#[test]
fn without_enough_data_nothing_is_said_to_be_clean() {
    as_expected("withheld");
}

#[test]
fn there_are_as_many_look_alikes_as_leaks() {
    assert!(files("healthy").len() >= files("leaks").len());
}

fn faults(scenario: &Scenario, model: &Model, report: &Report) -> Vec<String> {
    let expect = &scenario.expect;
    let mut faults = Vec::new();
    if report.verdict.name() != expect.verdict {
        faults.push(format!("verdict {}, expected {}", report.verdict.name(), expect.verdict));
    }
    for (at, wanted) in expect.finding.iter().enumerate() {
        match report.findings.get(at) {
            Some(found) => faults.extend(finding_faults(wanted, found)),
            None => faults.push(format!("not found: {wanted:?}")),
        }
    }
    for surplus in report.findings.iter().skip(expect.finding.len()) {
        faults.push(format!("accused: {} {:?}", surplus.rule.0, surplus.site));
    }
    for wanted in &expect.site {
        let said = verdict_at(model, report, &wanted.at);
        if !said.contains(&wanted.says) {
            faults.push(format!("{}: \"{said}\" does not say \"{}\"", wanted.at, wanted.says));
        }
    }
    let words =
        report.reasons.iter().chain(&report.inactive).cloned().collect::<Vec<_>>().join("\n");
    faults.extend(
        expect
            .says
            .iter()
            .filter(|wanted| !words.contains(*wanted))
            .map(|wanted| format!("\"{words}\" does not say \"{wanted}\"")),
    );
    faults
}

fn finding_faults(
    wanted: &ExpectFinding,
    found: &stranded_analysis::report::Finding,
) -> Vec<String> {
    let park = found
        .park
        .as_ref()
        .and_then(|point| Some(format!("{}:{}", point.file.as_ref()?, point.line?)));
    let mut faults = Vec::new();
    let mut compare = |what: &str, found: String, wanted: String| {
        if found != wanted {
            faults.push(format!("{what} {found}, expected {wanted}"));
        }
    };
    compare("rule", found.rule.0.to_owned(), wanted.rule.clone());
    compare("class", found.class.name().to_owned(), wanted.class.clone());
    compare("site", at(&found.site), wanted.site.clone());
    compare("park", format!("{park:?}"), format!("{:?}", wanted.park));
    compare("affected", found.affected.to_string(), wanted.affected.to_string());
    compare("behind", format!("{:?}", found.blocked_behind), format!("{:?}", wanted.behind));
    compare(
        "candidate",
        (found.stage != Stage::Confirmed).to_string(),
        wanted.candidate.to_string(),
    );
    let words = found
        .evidence
        .iter()
        .chain(&found.counter_evidence)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    faults.extend(
        wanted
            .says
            .iter()
            .filter(|part| !words.contains(*part))
            .map(|part| format!("\"{words}\" does not say \"{part}\"")),
    );
    faults
}

fn verdict_at(model: &Model, report: &Report, place: &str) -> String {
    let id: SiteId = model
        .sites()
        .find(|site| at(&site.site) == place)
        .unwrap_or_else(|| panic!("no site {place}"))
        .id;
    match report.site(id) {
        Some(SiteVerdict::Accused(at)) => format!("accused by {}", report.findings[*at].rule.0),
        Some(SiteVerdict::Blocked(at)) => {
            format!("blocked behind {}", report.findings[*at].blocked_behind.as_deref().unwrap())
        }
        Some(SiteVerdict::Fine { because }) => {
            format!("fine: {}", because.as_deref().unwrap_or("nothing needed"))
        }
        Some(SiteVerdict::Unknown { because, judged_in }) => {
            format!("unknown: {because} {judged_in:?}")
        }
        None => "not judged".to_owned(),
    }
}

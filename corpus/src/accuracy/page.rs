//! The result as a page of Markdown: targets and what was measured, first of all.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use super::args::AccuracyArgs;
use super::baseline::Baseline;
use super::ratio::Ratio;
use super::score::{Score, SiteScore};
use super::totals::{Totals, quantile};

/// What one of the simpler rules made of a run.
type Of<'a> = &'a dyn Fn(&Score) -> Baseline;

/// The whole page.
pub(super) fn text(args: &AccuracyArgs, scores: &[Score]) -> String {
    let totals = Totals::of(scores);
    let mut page = String::from("# Accuracy\n\n");
    page += &how(args, scores);
    page += &targets(&totals, scores);
    page += &further(&totals);
    page += &baselines(scores);
    page += &leaking(scores);
    page += &healthy(scores);
    page += &misses(scores);
    page += &mutations(scores);
    page
}

fn how(args: &AccuracyArgs, scores: &[Score]) -> String {
    let leaking = scores.iter().filter(|score| score.leaking).count();
    let scaled = args.quick || args.time_scale.is_some();
    let scale = if scaled { " with scaled thresholds" } else { "" };
    format!(
        "Measured by running the programs of `corpus/` as processes with the agent in them, judged{scale} by \
         `stranded check --json` over the real link, and compared with what each program itself wrote of its \
         tasks. A site counts as found if a confirmed finding of class proven or likely was ever reported at \
         it, and as wrongly accused in the same way. Shares stand with Wilson's 95 % interval.\n\n\
         ```text\n\
         date      {}\n\
         commit    {}\n\
         command   cargo run{} -p stranded-corpus --bin accuracy -- {}\n\
         machine   {}\n\
         runs      {leaking} of leaking programs, {} of healthy ones\n\
         ```\n\n",
        jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC"),
        commit(),
        if cfg!(debug_assertions) { "" } else { " --release" },
        env::args().skip(1).collect::<Vec<_>>().join(" "),
        machine(),
        scores.len() - leaking,
    )
}

fn targets(totals: &Totals, scores: &[Score]) -> String {
    let likely_late =
        totals.likely_after.iter().filter(|after| **after > Duration::from_mins(1)).count();
    let proven_late =
        totals.proven_after.iter().filter(|after| **after > Duration::from_secs(8)).count();
    let rows = [
        ("false PROVEN", "0", totals.false_proofs.to_string()),
        (
            "over healthy tasks",
            "30,000",
            format!(
                "{}, which bounds the rate by {:.4} %",
                totals.healthy_tasks,
                300.0 / totals.healthy_tasks.max(1) as f64
            ),
        ),
        ("PROVEN recall, provable sites", "95 %", totals.proven_recall.to_string()),
        ("LIKELY precision, sites", "95 %", totals.likely_precision.to_string()),
        ("LIKELY recall, sites with 3 leaks", "90 %", totals.likely_recall.to_string()),
        ("PROVEN found within settle + 2 s", "all", within(&totals.proven_after, proven_late)),
        ("LIKELY found within 60 s", "all", within(&totals.likely_after, likely_late)),
        ("found at attach, of those found", "all", totals.at_attach.to_string()),
        ("park line right", "95 %", totals.parks.to_string()),
        ("cause right", "90 %", totals.causes.to_string()),
        (
            "LIKELY on healthy programs",
            "0 in 10 min each",
            format!("{} in {} min in all", totals.false_alarms, totals.healthy_time.as_secs() / 60),
        ),
        (
            "programs all right",
            "",
            Ratio::new(
                scores.iter().filter(|score| score.is_right()).count() as u64,
                scores.len() as u64,
            )
            .to_string(),
        ),
    ];
    let mut text = "| | target | measured |\n|---|---|---|\n".to_owned();
    for (what, target, measured) in rows {
        let _ = writeln!(text, "| {what} | {target} | {measured} |");
    }
    text + "\nReports come once a second, which adds up to a second to each time to detect.\n\n"
}

fn within(times: &[Duration], late: usize) -> String {
    let seconds = |share| {
        quantile(times, share).map_or("-".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
    };
    format!(
        "{} (median {}, p95 {})",
        Ratio::new((times.len() - late) as u64, times.len() as u64),
        seconds(0.5),
        seconds(0.95)
    )
}

fn further(totals: &Totals) -> String {
    let mut text = format!(
        "| also | measured |\n|---|---|\n\
         | PROVEN precision, sites | {} |\n\
         | tasks found, of those that leak long enough | {} |\n\
         | accused tasks that leak or wait for a leak | {} |\n\
         | victims reported as causes | {} |\n\
         | findings retracted | {} |\n",
        totals.proven_precision,
        totals.task_recall,
        totals.task_precision,
        totals.wronged_victims,
        totals.retracted
    );
    for (rule, ratio) in &totals.by_rule {
        let _ =
            writeln!(text, "| sites where {rule} speaks first, and names the cause | {ratio} |");
    }
    text + "\n"
}

fn baselines(scores: &[Score]) -> String {
    let sum = |of: Of<'_>, ratio: &dyn Fn(Baseline) -> Ratio| -> Ratio {
        scores.iter().map(|score| ratio(of(score))).sum()
    };
    let totals = Totals::of(scores);
    let found: Ratio = scores
        .iter()
        .flat_map(|score| &score.sites)
        .map(|it| Ratio::once(it.found.is_some()))
        .sum();
    let accused = [totals.proven_precision, totals.likely_precision].into_iter().sum::<Ratio>();
    let mut text = "## Beside two simpler rules, on the same runs\n\n\
        | rule | sites found | accused sites that leak | accused tasks that leak |\n|---|---|---|---|\n"
        .to_owned();
    let _ = writeln!(text, "| stranded | {found} | {accused} | {} |", totals.task_precision);
    let rules: [(&str, Of<'_>); 2] = [
        ("tokio-console's lost waker, at one instant", &|score| score.lost_waker),
        ("parked longer than 60 s", &|score| score.parked_long),
    ];
    for (name, of) in rules {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} |",
            sum(of, &|it| it.recall),
            sum(of, &|it| it.precision),
            sum(of, &|it| it.task_precision)
        );
    }
    text + "\n"
}

fn leaking(scores: &[Score]) -> String {
    let mut text = "## Leaking programs\n\n\
        | program | scenario | run | leaks | can be | found | rules | after | at attach | cause | park |\n\
        |---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for score in scores.iter().filter(|score| score.leaking) {
        for site in &score.sites {
            let _ = writeln!(text, "{}", row(score, site));
        }
    }
    text + "\n"
}

fn row(score: &Score, site: &SiteScore) -> String {
    let found = site.proven.as_ref().or(site.found.as_ref());
    let class = match (&site.proven, &site.found) {
        (Some(_), _) => "proven",
        (None, Some(_)) => "likely",
        (None, None) => "**missed**",
    };
    let yes = |said: Option<bool>| match said {
        Some(true) => "right",
        Some(false) => "**wrong**",
        None => "-",
    };
    format!(
        "| {} | {} | {} | {} | {} | {class} | {} | {} | {} | {} | {} of {} |",
        score.name,
        score.scenario,
        score.setting,
        site.instances,
        if site.provable { "proven" } else { "likely" },
        site.rules.join(" "),
        found.map_or("-".to_owned(), |(_, after)| format!("{:.1} s", after.as_secs_f64())),
        site.at_attach.map_or("no".to_owned(), |at| format!("{:.1} s", at.as_secs_f64())),
        yes(site.cause),
        site.parks.part,
        site.parks.whole,
    )
}

fn healthy(scores: &[Score]) -> String {
    if scores.iter().all(|score| score.leaking) {
        return String::new();
    }
    let mut text =
        "## Healthy programs\n\n| program | scenario | run | watched | tasks | accused |\n\
        |---|---|---|---|---|---|\n"
            .to_owned();
    for score in scores.iter().filter(|score| !score.leaking) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} s | {} | {} |",
            score.name,
            score.scenario,
            score.setting,
            score.watched.as_secs(),
            score.healthy_tasks,
            if score.wrong.is_empty() { "no" } else { "**yes**" }
        );
    }
    text + "\n"
}

/// Every run that is not all right, in words.
fn misses(scores: &[Score]) -> String {
    let mut text = "## What is not right\n\n".to_owned();
    let wrong: Vec<_> = scores.iter().filter(|score| !score.is_right()).collect();
    if wrong.is_empty() {
        text += "Nothing in these runs.\n\n";
        return text;
    }
    for score in wrong {
        let _ = writeln!(text, "- {}: {}", score.about, score.line().trim_start_matches("MISS "));
    }
    text + "\n"
}

fn mutations(scores: &[Score]) -> String {
    let mut rules = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for score in scores {
        for (rule, worse) in &score.without {
            let programs = rules.entry(rule).or_default();
            if !worse.is_empty() {
                programs.push(score.name);
            }
        }
    }
    if rules.is_empty() {
        return String::new();
    }
    let mut text = "## With one rule switched off\n\nPrograms in which a leak is then missed, less sure, or put \
        down to another cause.\n\n| without | programs |\n|---|---|\n"
        .to_owned();
    for (rule, programs) in rules {
        let programs = if programs.is_empty() { "none".to_owned() } else { programs.join(", ") };
        let _ = writeln!(text, "| {rule} | {programs} |");
    }
    text + "\n"
}

fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "unknown".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => commit + " with local changes",
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    format!("{cores} cores, {}, {}", model.as_deref().unwrap_or("unknown"), env::consts::OS)
}

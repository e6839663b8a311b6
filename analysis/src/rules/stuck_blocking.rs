//! L14: blocking work that does not end.

use super::{Charge, Confirms, Opinion, Rule, RuleDoc};
use crate::facts::{BlockingPool, Cap, TaskKind};
use crate::history::{self, Trend};
use crate::pooling;
use crate::report::Class;
use crate::scene::Scene;
use crate::words;

pub(super) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "L14",
        title: "stuck blocking work",
        class: Class::Likely,
        needs: &[Cap::Norms],
        meaning: "These threads of the blocking pool have been in the same piece of work for long. Nothing can abort it: a timeout around its handle only stops waiting for it.",
        condition: "A task of kind `blocking` has been running for more than 60 s, and the task that spawned it has ended, or the site grows beyond what its load explains, or the blocking pool is full: work queues for a thread, or 80 % of 512 threads are busy. Not for Tokio's own workers and standard input.",
        reason: "Long blocking work is fine while somebody waits for it. With its spawner gone nobody does, and with the pool full everybody else pays for it.",
        example: "1 call of `spawn_blocking` has been running for up to 9m12s; for 1 of them the task that spawned it has ended (a timeout around it does not stop blocking work).",
        fix: "Set timeouts on the sockets and locks inside; pass a flag that the work looks at; give work that never ends a thread of its own.",
        limits: "A long computation that was detached on purpose looks the same. What the thread is doing is not known: its stack is not taken.",
        silenced_by: &[],
    },
    condition,
};

fn condition(scene: &Scene<'_>) -> Opinion {
    let (site, policy) = (scene.site, scene.policy);
    if site.site.kind != TaskKind::Blocking || pooling::is_tokios_own(&site.site.file) {
        return Opinion::default();
    }
    let long = site.running_for.certainly_above(policy.blocking_floor);
    if long == 0 {
        return Opinion::default();
    }
    let orphans: u64 = site.spawned_by.iter().map(|by| by.orphans).sum();
    let pool = scene.model.gauges().and_then(|gauges| gauges.blocking);
    let because = match (orphans.min(long), scene.excess(), pool) {
        (0, None, Some(pool)) if is_full(scene, pool) => Because::Full(pool),
        (0, None, _) => return Opinion::default(),
        (0, Some(trend), _) => Because::Grows(trend),
        (orphans, _, _) => Because::Orphans(orphans),
    };
    Opinion::charge(charge(scene, long, &because))
}

enum Because {
    Orphans(u64),
    Grows(Trend),
    Full(BlockingPool),
}

fn is_full(scene: &Scene<'_>, pool: BlockingPool) -> bool {
    let busy = pool.threads.saturating_sub(pool.idle) as f64;
    let most = scene.policy.blocking_threads as f64;
    pool.queued > 0 || busy >= scene.policy.blocking_full * most
}

fn charge(scene: &Scene<'_>, long: u64, because: &Because) -> Charge {
    let (site, policy) = (scene.site, scene.policy);
    let longest = history::longest(&site.running_for, 1).unwrap_or(policy.blocking_floor);
    let (affected, why) = match because {
        Because::Orphans(n) => (
            *n,
            format!(
                "for {} of them the task that spawned it has ended (a timeout around it does not stop blocking work)",
                words::count(*n)
            ),
        ),
        Because::Grows(trend) => {
            (long, format!("they grow by {} per minute", words::growth(trend.per_minute)))
        }
        Because::Full(pool) => (
            long,
            format!(
                "the pool is full: {} of {} are busy, and {} for one",
                words::count(pool.threads.saturating_sub(pool.idle)),
                words::counted(pool.threads, "thread"),
                queued(pool.queued)
            ),
        ),
    };
    let mut evidence = vec![format!(
        "{} of `spawn_blocking` {} been running for up to {}; {why}.",
        words::counted(long, "call"),
        words::agree(long, "has", "have"),
        words::duration(longest)
    )];
    evidence.extend(scene.usual_life().map(|life| {
        format!("The {} that returned took {life}.", words::counted(site.returned, "call"))
    }));
    let shown = longest > policy.blocking_floor.saturating_add(policy.confirm);
    Charge {
        affected,
        since: scene.now.back(longest.saturating_sub(policy.blocking_floor)),
        confirms: Confirms::by(shown, false, policy),
        oldest: longest,
        evidence,
        counter_evidence: vec![
            "What the threads are doing is not known: a long computation looks the same."
                .to_owned(),
        ],
        ..Charge::of_site(&RULE.doc, scene)
    }
}

fn queued(n: u64) -> String {
    match n {
        0 => "no work waits".to_owned(),
        1 => "1 piece of work waits".to_owned(),
        n => format!("{} pieces of work wait", words::count(n)),
    }
}

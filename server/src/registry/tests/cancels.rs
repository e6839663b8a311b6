//! Real cancellation tokens, heeded and ignored.

use std::sync::Arc;
use std::time::Duration;

use stranded_analysis::facts::{CancelSeen, Cancelled, TaskId, Wait};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::super::census::Look;
use super::service::{Service, site_at};
use crate::resolver::resolved;
use crate::stack::CLASSIFIED;
use crate::symbols::Symbols;

/// Looks at the stacks that the registry wants to have looked at.
fn classify(service: &Service, look: &Look) {
    let stacks = service.registry.stacks();
    for id in &look.unclassified {
        resolved(&mut Symbols::default(), *id, stacks);
        assert!(stacks.is(id.0, CLASSIFIED));
    }
}

/// Classifies until all tasks at that line are parked where they wait for `wait` and nothing is left to classify.
fn until_parked(service: &Service, line: u32, tasks: u64, wait: &Wait) {
    service.until(Duration::ZERO, |look| {
        classify(service, look);
        let clusters = &site_at(look, line)?.clusters;
        let parked = clusters.iter().filter(|cluster| {
            cluster.stacks.iter().any(|id| service.describe(*id).wait.as_ref() == Some(wait))
        });
        let parked: u64 = parked.map(|cluster| cluster.parked).sum();
        (parked == tasks && look.unclassified.is_empty()).then_some(())
    });
}

fn cancelled(look: &Look, line: u32) -> Option<Cancelled> {
    site_at(look, line)?.clusters.iter().find_map(|cluster| cluster.cancelled.clone())
}

/// Waits for the token, unless `go` comes first; then for ever.
async fn ignores(token: CancellationToken, go: Arc<Notify>) {
    tokio::select! {
        () = token.cancelled() => {}
        () = go.notified() => {}
    }
    let (_sender, mut receiver) = mpsc::channel::<()>(1);
    receiver.recv().await;
}

/// Spawns three of each, all by the task that runs this. Gives the lines.
fn spawn_all(token: &CancellationToken, go: &Arc<Notify>) -> [u32; 4] {
    let [mut told, mut heeding, mut siblings, mut others] = [0; 4];
    for _ in 0..3 {
        let (heeded, never) = (token.clone(), Arc::new(Notify::new()));
        told = line!() + 1;
        tokio::spawn(ignores(token.clone(), Arc::clone(&never)));
        heeding = line!() + 1;
        tokio::spawn(async move { heeded.cancelled().await });
        siblings = line!() + 1;
        tokio::spawn(ignores(token.clone(), Arc::clone(go)));
        others = line!() + 1;
        tokio::spawn(ignores(CancellationToken::new(), never));
    }
    [told, heeding, siblings, others]
}

#[test]
fn those_who_go_on_after_a_cancellation_are_told_from_those_who_were_not_told() {
    let service = Service::with_workers(1);
    let (token, go) = (CancellationToken::new(), Arc::new(Notify::new()));
    let lines = service.run(|runtime| {
        let (token, go) = (token.clone(), Arc::clone(&go));
        runtime.block_on(runtime.spawn(async move { spawn_all(&token, &go) })).unwrap()
    });
    for line in lines {
        until_parked(&service, line, 3, &Wait::Cancelled);
    }
    let [told, heeding, siblings, others] = lines;
    service.run(|_| go.notify_waiters());
    until_parked(&service, siblings, 3, &Wait::MpscRecv);
    let look = service.registry.look(Duration::ZERO);
    assert!(lines.iter().all(|line| cancelled(&look, *line).is_none()), "{look:#?}");

    let before = service.registry.clock().now();
    let by = service.run(|runtime| {
        let token = token.clone();
        let canceller = runtime.spawn(async move { token.cancel() });
        let id = TaskId(canceller.id().to_string().parse().unwrap());
        runtime.block_on(canceller).unwrap();
        id
    });
    let (told, siblings) = service.until(Duration::ZERO, |look| {
        classify(&service, look);
        let heeded = site_at(look, heeding)?.live == 0 && look.unclassified.is_empty();
        assert_eq!(cancelled(look, others), None, "they wait on a token that nobody cancelled");
        let [told, siblings] = [told, siblings].map(|line| cancelled(look, line));
        let all = told.as_ref()?.tasks == 3 && siblings.as_ref()?.tasks == 3;
        told.zip(siblings).filter(|_| heeded && all)
    });
    assert_eq!((told.seen, siblings.seen), (CancelSeen::Woken, CancelSeen::Sibling));
    let most = service.registry.clock().now().since(before);
    for found in [told, siblings] {
        assert_eq!(found.by.map(|by| (by.id, by.alive)), Some((by, false)));
        assert_eq!((found.ago.count(), found.ago.certainly_above(most)), (3, 0));
    }
}

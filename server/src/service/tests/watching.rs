//! What a viewer sees through `Watch`.

use stranded_analysis::facts::{SiteId, TaskId};

use super::*;
use crate::source::scripted::task;

#[tokio::test]
async fn the_first_update_is_whole_and_later_ones_carry_changes() {
    let agent = Agent::start(Scripted::small()).await;
    let mut watching = Watching::open(agent.client().await, &eager()).await.unwrap();
    let first = watching.message().await.unwrap();
    assert!(first.complete && first.seq == 1);
    assert!(first.target.is_some() && first.gauges.is_some() && first.window.is_some());
    assert_eq!((first.sites.len(), first.tasks.len(), first.stacks.len()), (1, 1, 1));

    agent.source.write(|facts| facts.put_site(site(2, None)));
    let change = watching.message_with(|update| !update.sites.is_empty()).await;
    assert_eq!(change.sites.iter().map(|site| site.id).collect::<Vec<_>>(), [SiteId(2)]);
    assert!(change.seq > 1 && change.boot == first.boot && change.at > first.at);
    assert!(change.target.is_none() && change.window.is_none() && change.tasks.is_empty());
}

#[tokio::test]
async fn updates_are_numbered_without_holes() {
    let agent = Agent::start(Scripted::small()).await;
    let mut watching = Watching::open(agent.client().await, &eager()).await.unwrap();
    for expected in 1..=4 {
        assert_eq!(watching.message().await.unwrap().seq, expected);
    }
}

#[tokio::test]
async fn a_changed_view_takes_effect_at_once() {
    let agent = Agent::start(Scripted::small()).await;
    // Nothing but the change of the view can bring another update in time.
    let slow = View { interval: DEADLINE * 10, ..View::default() };
    let mut watching = Watching::open(agent.client().await, &slow).await.unwrap();
    assert!(watching.message().await.unwrap().tasks.is_empty());

    watching.look(&View { limit: 5, ..slow }).await;
    let update = watching.message().await.unwrap();
    assert_eq!(update.window.unwrap().rows, [TaskId(10)]);
    assert_eq!(update.tasks.len(), 1);
}

#[tokio::test]
async fn a_client_that_has_no_more_views_still_watches() {
    let agent = Agent::start(Scripted::small()).await;
    let view = v1::View::from(&eager());
    let watch = agent.client().await.watch(tokio_stream::once(view)).await;
    let mut updates = watch.unwrap().into_inner();
    for _ in 0..3 {
        assert!(updates.message().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn viewers_do_not_see_each_others_views() {
    let agent = Agent::start(Scripted::small()).await;
    agent.source.write(|facts| facts.put_task(task(11, 2, None)));
    let of_site = |id| View { site: Some(SiteId(id)), ..eager() };
    let mut one = Watching::open(agent.client().await, &of_site(1)).await.unwrap();
    let mut two = Watching::open(agent.client().await, &of_site(2)).await.unwrap();
    assert_eq!(one.message().await.unwrap().window.unwrap().rows, [TaskId(10)]);
    assert_eq!(two.message().await.unwrap().window.unwrap().rows, [TaskId(11)]);

    one.look(&of_site(3)).await;
    let update = one.message_with(|update| update.window.is_some()).await;
    assert!(update.window.unwrap().rows.is_empty());
    assert!(two.message().await.unwrap().window.is_none());
}

#[tokio::test]
async fn viewers_that_leave_are_counted_down() {
    let agent = Agent::start(Scripted::small()).await;
    let mut viewers = Vec::new();
    for _ in 0..5 {
        let mut viewer = Watching::open(agent.client().await, &eager()).await.unwrap();
        viewer.message().await.unwrap();
        viewers.push(viewer);
    }
    agent.attached(5).await;
    viewers.truncate(2);
    agent.attached(2).await;
    viewers.clear();
    agent.attached(0).await;
}

#[tokio::test]
async fn a_viewer_that_leaves_between_updates_is_noticed() {
    let agent = Agent::start(Scripted::small()).await;
    let slow = View { interval: DEADLINE * 10, ..View::default() };
    let mut viewer = Watching::open(agent.client().await, &slow).await.unwrap();
    viewer.message().await.unwrap();
    drop(viewer);
    agent.attached(0).await;
}

#[tokio::test]
async fn one_viewer_too_many_is_told_so() {
    let agent = Agent::start(Scripted::small()).await;
    let client = agent.client().await;
    let mut viewers = Vec::new();
    let refused = loop {
        match Watching::open(client.clone(), &eager()).await {
            Ok(viewer) => viewers.push(viewer),
            Err(status) => break status,
        }
        assert!(viewers.len() < 100, "viewers are bounded");
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().starts_with("32 viewers are attached"), "{refused}");

    agent.attached(32).await;
    viewers.pop();
    agent.attached(31).await;
    assert!(Watching::open(client, &eager()).await.is_ok());
}

#[tokio::test]
async fn a_viewer_that_does_not_read_makes_nothing_grow() {
    const SITES: u32 = 5_000;
    const INTERVALS: u64 = 20;
    let source = Scripted::small();
    let agent = Agent::start(Arc::clone(&source)).await;
    let mut watching = Watching::open(agent.client().await, &eager()).await.unwrap();
    agent.attached(1).await;

    // Every site changes in every interval: megabytes that nobody reads.
    for round in 1..=INTERVALS {
        source.write(|facts| {
            for id in 0..SITES {
                let mut site = site(id, None);
                site.site.name = "n".repeat(500);
                site.spawned = round;
                facts.put_site(site);
            }
        });
        sleep(super::super::watch::MIN_INTERVAL).await;
    }
    let taken = source.censuses();
    assert!(taken < INTERVALS as usize / 2, "{taken} updates were computed ahead of the reader");

    // What it reads then is soon the present, with nothing missing in between.
    let (mut seq, mut latest) = (0, 0);
    while latest < INTERVALS {
        let update = watching.message().await.unwrap();
        assert_eq!(update.seq, seq + 1);
        seq = update.seq;
        latest = update.sites.iter().map(|site| site.spawned).chain([latest]).max().unwrap();
    }
}

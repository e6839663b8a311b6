//! The life of one `Watch`: update, pause, update, at the pace of the viewer.

use std::sync::Arc;
use std::time::Duration;

use stranded_analysis::facts::{Update, View};
use stranded_proto::{split, v1};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;

use crate::edge::Edge;
use crate::viewer::Viewer;

/// The shortest time between updates that a view can ask for.
pub(super) const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// The longest. A viewer should see within a minute that its target lives.
const MAX_INTERVAL: Duration = Duration::from_secs(60);
/// The pause after an update even if the view changes: many changes at once are one.
const MIN_PAUSE: Duration = Duration::from_millis(20);
/// A viewer pauses this many times as long as its update took to compute, whatever it asks for.
const PAUSE_PER_COST: u32 = 4;
/// Updates of a watch that do not wait for their time, because names are about to be known: at
/// [`MIN_INTERVAL`], a second or two.
const HURRIED: u32 = 20;
/// The time that a client has for its first view.
const FIRST_VIEW: Duration = Duration::from_secs(10);

/// Sends updates for the latest of `views` to `out`, until either end is gone.
pub(super) async fn watch(
    edge: Arc<Edge>,
    views: impl Stream<Item = Result<View, Status>> + Unpin,
    out: mpsc::Sender<Result<v1::Update, Status>>,
) {
    let ended = tokio::select! {
        ended = updates(edge, views, &out) => ended,
        () = out.closed() => return,
    };
    if let Err(status) = ended {
        // The client may be gone as well.
        out.send(Err(status)).await.ok();
    }
}

/// Sends updates, until `out` is closed. An error is for the client.
async fn updates(
    edge: Arc<Edge>,
    mut views: impl Stream<Item = Result<View, Status>> + Unpin,
    out: &mpsc::Sender<Result<v1::Update, Status>>,
) -> Result<(), Status> {
    let first = first_view(&mut views).await?;
    let mut viewer = Viewer::attach(Arc::clone(&edge), first);
    let mut more_views = true;
    let mut seq = 1;
    let mut pace = Pace::default();
    loop {
        let began = Instant::now();
        let update = edge.guarded(|| viewer.update())?;
        let cost = began.elapsed();

        let mut parts = split(Update { seq, ..update });
        for part in parts.by_ref() {
            if out.send(Ok(part)).await.is_err() {
                return Ok(());
            }
        }
        seq = parts.next_seq();
        // Room for the next one means that this one was taken.
        if out.reserve().await.is_err() {
            return Ok(());
        }

        let earliest = Instant::now() + MIN_PAUSE.max(cost * PAUSE_PER_COST);
        let mut due = (began + pace.interval(&viewer)).max(earliest);
        loop {
            tokio::select! {
                () = sleep_until(due) => break,
                view = views.next(), if more_views => match view {
                    Some(view) => {
                        viewer.look(view?);
                        due = earliest;
                    }
                    // A client that has said all it wanted still watches.
                    None => more_views = false,
                },
            }
        }
    }
}

/// The view that starts a watch.
async fn first_view(
    views: &mut (impl Stream<Item = Result<View, Status>> + Unpin),
) -> Result<View, Status> {
    match timeout(FIRST_VIEW, views.next()).await {
        Ok(Some(view)) => view,
        Ok(None) => Err(Status::invalid_argument("a watch starts with a View, and none was sent")),
        Err(_) => Err(Status::deadline_exceeded(format!(
            "a watch starts with a View, and none came within {} s",
            FIRST_VIEW.as_secs()
        ))),
    }
}

/// How fast updates follow each other.
#[derive(Debug, Default)]
struct Pace {
    hurried: u32,
}

impl Pace {
    /// The time from the update that `viewer` has been given to the next.
    fn interval(&mut self, viewer: &Viewer) -> Duration {
        if viewer.awaits_names() && self.hurried < HURRIED {
            self.hurried += 1;
            return MIN_INTERVAL;
        }
        viewer.view().interval.clamp(MIN_INTERVAL, MAX_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use stranded_analysis::facts::SiteId;
    use tokio_stream::wrappers::ReceiverStream;

    use super::*;
    use crate::faults::Faults;
    use crate::source::scripted::{Scripted, resolved, site};

    type Views = mpsc::Sender<Result<View, Status>>;
    type Updates = mpsc::Receiver<Result<v1::Update, Status>>;

    fn watching(source: &Arc<Scripted>) -> (Views, Updates) {
        let edge = Arc::new(Edge::new(Arc::clone(source) as _, Faults::default()));
        let (sender, views) = mpsc::channel(8);
        let (out, updates) = mpsc::channel(1);
        tokio::spawn(watch(edge, ReceiverStream::new(views), out));
        (sender, updates)
    }

    #[tokio::test]
    async fn what_happens_while_an_update_waits_is_merged_into_the_next() {
        let source = Scripted::small();
        let (views, mut updates) = watching(&source);
        views.send(Ok(View { interval: MIN_INTERVAL, ..View::default() })).await.unwrap();
        while source.censuses() == 0 {
            tokio::task::yield_now().await;
        }
        for id in 2..=10 {
            source.write(|facts| facts.put_site(site(id, None)));
            source.write(|facts| facts.sites.get_mut(&SiteId(id)).unwrap().live = 77);
            tokio::time::sleep(MIN_INTERVAL).await;
        }
        assert_eq!(source.censuses(), 1, "nothing is computed before the last update is taken");

        let first = updates.recv().await.unwrap().unwrap();
        let second = updates.recv().await.unwrap().unwrap();
        assert_eq!((first.seq, first.sites.len()), (1, 1));
        assert_eq!((second.seq, second.sites.len()), (2, 9));
        assert!(second.sites.iter().all(|site| site.live == 77));
        assert_eq!(source.censuses(), 2);
    }

    #[tokio::test]
    async fn many_changes_of_the_view_at_once_are_one() {
        let source = Scripted::small();
        let (views, mut updates) = watching(&source);
        let view = |limit| View { interval: MAX_INTERVAL, limit, ..View::default() };
        views.send(Ok(view(0))).await.unwrap();
        updates.recv().await.unwrap().unwrap();
        for limit in 1..=7 {
            views.send(Ok(view(limit))).await.unwrap();
        }
        updates.recv().await.unwrap().unwrap();
        assert!(source.censuses() <= 3, "{} censuses", source.censuses());
    }

    #[tokio::test]
    async fn names_do_not_wait_for_the_interval() {
        let source = Scripted::small();
        let (views, mut updates) = watching(&source);
        views.send(Ok(View { interval: MAX_INTERVAL, ..View::default() })).await.unwrap();
        let first = updates.recv().await.unwrap().unwrap();
        assert_eq!(first.stacks.len(), 1);
        source.write(|facts| facts.put_stack(resolved(1)));
        let named = async { while updates.recv().await.unwrap().unwrap().stacks.is_empty() {} };
        timeout(MAX_INTERVAL / 4, named).await.unwrap();
    }

    #[tokio::test]
    async fn it_ends_with_its_client_even_while_an_update_waits() {
        let source = Scripted::small();
        let (views, updates) = watching(&source);
        views.send(Ok(View::default())).await.unwrap();
        while source.censuses() == 0 {
            tokio::task::yield_now().await;
        }
        drop(updates);
        views.closed().await;
        assert_eq!(source.attached(), 0);
    }

    #[test]
    fn intervals_stay_within_what_is_served() {
        let edge = Arc::new(Edge::new(Scripted::small(), Faults::default()));
        let served = |interval| {
            let view = View { interval, ..View::default() };
            Pace::default().interval(&Viewer::attach(Arc::clone(&edge), view))
        };
        assert_eq!(served(Duration::ZERO), MIN_INTERVAL);
        assert_eq!(served(Duration::MAX), MAX_INTERVAL);
        assert_eq!(served(Duration::from_secs(2)), Duration::from_secs(2));
    }

    #[test]
    fn names_that_never_come_are_not_waited_for_at_that_pace_for_ever() {
        let edge = Arc::new(Edge::new(Scripted::small(), Faults::default()));
        let mut viewer = Viewer::attach(edge, View { interval: MAX_INTERVAL, ..View::default() });
        viewer.update();
        let mut pace = Pace::default();
        let hurried = (0..1000).take_while(|_| pace.interval(&viewer) < MAX_INTERVAL).count();
        assert_eq!(hurried, HURRIED as usize);
        viewer.update();
        assert_eq!(pace.interval(&viewer), MAX_INTERVAL);
    }
}

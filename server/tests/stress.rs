//! A hundred thousand tasks, woken, cloned, dropped, aborted and panicking at random on several threads:
//! afterwards every count of the agent must equal the program's own, to the last task and the last waker.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::HashMap;
use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stranded_analysis::facts::{Gauges, SiteFacts, SiteId, TaskFacts, Update, View};
use stranded_proto::v1;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_server::Builder;
use tokio::runtime;
use tonic::transport::Channel;

const CHILD: &str = "STRESS_CHILD";
const TASKS: u64 = 100_000;
const WAVE: u64 = 10_000;
/// Nothing here takes this long, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(40);

/// How a task of the storm ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Returns,
    Panics,
    /// Parks for ever, with that many wakers alive.
    Stays(usize),
    /// Parks like the ones before, and is aborted then. Its wakers outlive it.
    Aborted(usize),
}

/// What the storm leaves behind, as the program itself has counted it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Truth {
    address: String,
    /// Spawn lines and numbers of tasks.
    returns: (u32, u64),
    panics: (u32, u64),
    stays: (u32, u64),
    aborted: (u32, u64),
    /// Of those that stay, how many have that many wakers.
    wakers: [u64; 4],
    /// Aborted tasks of which wakers are still held.
    pinned: u64,
}

/// Xorshift: the same run for the same seed, whatever the threads do with it.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The wakers that one task has handed out.
#[derive(Default)]
struct Handed {
    /// While it is on its way: anybody may use them.
    moving: Vec<Waker>,
    /// Once it has arrived: nobody does.
    kept: Vec<Waker>,
}

struct Restless {
    handed: Arc<Mutex<Handed>>,
    polls_left: u64,
    fate: Fate,
    /// Where to count its arrival; once.
    arrived: Option<Arc<AtomicU64>>,
}

impl Future for Restless {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.polls_left > 0 {
            self.polls_left -= 1;
            let clones = 1 + self.polls_left % 3;
            let mut handed = self.handed.lock().unwrap();
            handed.moving.extend((0..clones).map(|_| cx.waker().clone()));
            if self.polls_left.is_multiple_of(4) {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        if let Some(arrived) = self.arrived.take() {
            arrived.fetch_add(1, SeqCst);
        }
        let mut handed = self.handed.lock().unwrap();
        handed.moving.clear();
        match self.fate {
            Fate::Returns => Poll::Ready(()),
            Fate::Panics => {
                drop(handed);
                panic!("as it should")
            }
            Fate::Stays(wakers) | Fate::Aborted(wakers) => {
                handed.kept = (0..wakers).map(|_| cx.waker().clone()).collect();
                // A wake that was under way may lead here again; the wakers are replaced then.
                Poll::Pending
            }
        }
    }
}

/// Uses the wakers of all tasks at random until every task has arrived.
fn disturb(tasks: &[Arc<Mutex<Handed>>], done: &AtomicBool, seed: u64) {
    let mut random = Random(seed);
    while !done.load(SeqCst) {
        for _ in 0..1000 {
            let mut handed = tasks[random.below(tasks.len() as u64) as usize].lock().unwrap();
            let Some(waker) = handed.moving.pop() else { continue };
            match random.below(5) {
                0 if handed.moving.len() < 8 => {
                    handed.moving.push(waker.clone());
                    handed.moving.push(waker);
                }
                1 => {
                    waker.wake_by_ref();
                    handed.moving.push(waker);
                }
                // Never the last one without a wake, or the task would be stranded on its way.
                2 if !handed.moving.is_empty() => drop(waker),
                _ => {
                    drop(handed);
                    waker.wake();
                }
            }
        }
    }
}

/// The storm, in a process of its own: prints its truth, drops all wakers when told to, and waits for its end.
#[test]
fn storm() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        if panic.payload_as_str() != Some("as it should") {
            eprintln!("{panic}");
        }
    }));
    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let agent = Builder::new().bind("127.0.0.1:0").runtime(runtime.handle().clone()).init();
    let address = agent.address(DEADLINE).expect("the agent listens").to_string();
    let mut truth = Truth { address, ..Truth::default() };

    let mut random = Random(0x5eed);
    let mut all = Vec::new();
    for _ in 0..TASKS / WAVE {
        all.extend(wave(&runtime, &mut random, &mut truth));
    }
    println!("\n{}", serde_json::to_string(&truth).unwrap());
    wait_for_a_line();
    for handed in &all {
        handed.lock().unwrap().kept.clear();
    }
    wait_for_a_line();
}

fn wait_for_a_line() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Spawns a wave of tasks and disturbs them until each has arrived at its fate.
fn wave(
    runtime: &runtime::Runtime,
    random: &mut Random,
    truth: &mut Truth,
) -> Vec<Arc<Mutex<Handed>>> {
    let arrived = Arc::new(AtomicU64::new(0));
    let (mut wave, mut aborted) = (Vec::new(), Vec::new());
    for _ in 0..WAVE {
        let wakers = random.below(4) as usize;
        let fate = match random.below(12) {
            0..8 => Fate::Returns,
            8 => Fate::Panics,
            9 => Fate::Stays(wakers),
            _ => Fate::Aborted(wakers),
        };
        let handed = Arc::new(Mutex::new(Handed::default()));
        wave.push(Arc::clone(&handed));
        let polls_left = random.below(8);
        let task = Restless { handed, polls_left, fate, arrived: Some(Arc::clone(&arrived)) };
        let (place, line) = match fate {
            Fate::Returns => (&mut truth.returns, spawn(line!(), || drop(runtime.spawn(task)))),
            Fate::Panics => (&mut truth.panics, spawn(line!(), || drop(runtime.spawn(task)))),
            Fate::Stays(wakers) => {
                truth.wakers[wakers] += 1;
                (&mut truth.stays, spawn(line!(), || drop(runtime.spawn(task))))
            }
            Fate::Aborted(wakers) => {
                truth.pinned += u64::from(wakers > 0);
                (&mut truth.aborted, spawn(line!(), || aborted.push(runtime.spawn(task))))
            }
        };
        *place = (line, place.1 + 1);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for seed in 1..4 {
            let (wave, done) = (&wave, &done);
            scope.spawn(move || disturb(wave, done, seed));
        }
        let start = Instant::now();
        while arrived.load(SeqCst) < WAVE {
            assert!(start.elapsed() < DEADLINE, "{} of {WAVE} arrived", arrived.load(SeqCst));
            std::thread::yield_now();
        }
        done.store(true, SeqCst);
    });
    // They end while the next wave goes on.
    for task in aborted {
        task.abort();
    }
    wave
}

/// Spawns, and gives back the line of the spawn, which is the caller's.
fn spawn(line: u32, spawn: impl FnOnce()) -> u32 {
    spawn();
    line
}

#[tokio::test]
async fn after_a_storm_every_count_is_exact() {
    let mut storm = Storm::start();
    let truth = &storm.truth;
    let mut viewer =
        Viewer(InspectorClient::connect(truth.address.clone()).await.expect("the agent answers"));

    // The runtime needs a moment to drop the last aborted tasks. Then nothing moves any more, and a ghost or
    // a missing task would stay so for ever.
    let stays = truth.stays.1;
    let rests = |seen: &Seen| seen.gauges.alive == Some(stays) && seen.gauges.tracked == stays;
    let seen = viewer.wait_until(rests).await;
    assert_eq!(seen.gauges.untracked, 0);
    assert_eq!(seen.gauges.unaccounted, 0, "every waker event was seen");
    assert_eq!(seen.gauges.zombies, truth.pinned, "ended tasks whose wakers are still held");
    assert_eq!(seen.sites.iter().map(|site| site.spawned).sum::<u64>(), TASKS);

    let ends = |(line, count): (u32, u64)| {
        let site = seen.at_line(line);
        assert_eq!(site.spawned, count, "line {line}");
        assert_eq!(site.live + site.ended(), count, "line {line}");
        (site.returned, site.cancelled, site.panicked, site.live)
    };
    let (returned, cancelled, panicked, live) = ends(truth.returns);
    assert_eq!((panicked, live), (0, 0));
    assert_rare(cancelled, returned);
    let (returned, cancelled, panicked, live) = ends(truth.aborted);
    assert_eq!((panicked, live), (0, 0));
    assert_rare(returned, cancelled);
    assert_eq!(ends(truth.panics), (0, 0, truth.panics.1, 0));
    assert_eq!(ends(truth.stays), (0, 0, 0, stays));

    let site = seen.at_line(truth.stays.0);
    let mut wakers = [0; 4];
    for task in viewer.rows(site.id, stays).await {
        let seen = task.wakers.expect("the count is reliable");
        assert_eq!(seen.clones, seen.drops + seen.live);
        wakers[usize::try_from(seen.live).unwrap()] += 1;
    }
    assert_eq!(wakers, truth.wakers);
    assert_eq!(seen.stranded(truth.stays.0), truth.wakers[0]);

    storm.drop_wakers();
    // Nothing is kept of ended tasks, all of live ones, and none of those has a waker now.
    let line = storm.truth.stays.0;
    let rests = |seen: &Seen| {
        let gauges = &seen.gauges;
        (gauges.zombies, gauges.tracked, seen.stranded(line)) == (0, stays, stays)
    };
    viewer.wait_until(rests).await;
}

/// A thread that is suspended right between a task's last poll and its drop makes a return look like a
/// cancellation, and an abort at the very end of a poll like a return.
#[track_caller]
fn assert_rare(strays: u64, others: u64) {
    assert!(strays * 1000 <= others, "{strays} of {} ended otherwise", strays + others);
}

/// The process with the storm in it. Ends with this value.
struct Storm {
    process: Child,
    truth: Truth,
}

impl Storm {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "storm", "--nocapture"])
            .env(CHILD, "yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let truth = lines.map_while(Result::ok).find_map(|line| serde_json::from_str(&line).ok());
        Self { process, truth: truth.expect("the storm ends and tells its truth") }
    }

    fn drop_wakers(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"drop\n").unwrap();
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One whole look at the process.
struct Seen {
    gauges: Gauges,
    sites: Vec<SiteFacts>,
    tasks: Vec<TaskFacts>,
}

impl Seen {
    fn at_line(&self, line: u32) -> &SiteFacts {
        let mut sites = self.sites.iter();
        sites
            .find(|site| site.site.line == line)
            .unwrap_or_else(|| panic!("no site at line {line}"))
    }

    /// Parked tasks without a waker, of the site at that line.
    fn stranded(&self, line: u32) -> u64 {
        self.at_line(line).clusters.iter().map(|cluster| cluster.zero_wakers).sum()
    }
}

struct Viewer(InspectorClient<Channel>);

impl Viewer {
    async fn look(&mut self, view: &View) -> Seen {
        let mut updates = self.0.snapshot(v1::View::from(view)).await.unwrap().into_inner();
        let mut seen = Seen { gauges: Gauges::default(), sites: Vec::new(), tasks: Vec::new() };
        while let Some(update) = updates.message().await.unwrap() {
            let update = Update::try_from(update).unwrap();
            seen.gauges = update.gauges.unwrap_or(seen.gauges);
            seen.sites.extend(update.sites);
            seen.tasks.extend(update.tasks);
        }
        seen
    }

    async fn wait_until(&mut self, holds: impl Fn(&Seen) -> bool) -> Seen {
        let start = Instant::now();
        loop {
            let seen = self.look(&View::default()).await;
            if holds(&seen) {
                return seen;
            }
            assert!(start.elapsed() < DEADLINE, "{:?}", seen.gauges);
        }
    }

    /// All rows of a site.
    async fn rows(&mut self, site: SiteId, count: u64) -> Vec<TaskFacts> {
        let limit = u32::try_from(count).unwrap();
        let seen = self.look(&View { site: Some(site), limit, ..View::default() }).await;
        let rows: HashMap<_, _> = seen.tasks.into_iter().map(|task| (task.id, task)).collect();
        let rows: Vec<_> = rows.into_values().filter(|task| task.site == site).collect();
        assert_eq!(rows.len() as u64, count);
        rows
    }
}

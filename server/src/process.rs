//! What the operating system tells of this process. All of it is optional: `None` where it does not say.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stranded_analysis::facts::BlockingPool;
use tokio::runtime::Handle;

/// Descriptors looked at when counting sockets.
const MOST_DESCRIPTORS: usize = 20_000;

/// CPU time of the agent's own threads.
#[derive(Debug, Default)]
pub(crate) struct OwnCpu {
    /// The scheduler's statistics of each thread.
    threads: Mutex<Vec<PathBuf>>,
}

impl OwnCpu {
    /// Counts the current thread from now on; once.
    pub(crate) fn add_thread(&self) {
        if let Ok(thread) = fs::read_link("/proc/thread-self") {
            let statistics = PathBuf::from("/proc").join(thread).join("schedstat");
            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            if !threads.contains(&statistics) {
                threads.push(statistics);
            }
        }
    }

    /// CPU time used by the counted threads so far.
    pub(crate) fn used(&self) -> Option<Duration> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let used = threads.iter().map(|path| {
            let statistics = fs::read_to_string(path).ok()?;
            statistics.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
        });
        used.sum()
    }
}

/// Resident memory in bytes.
pub(crate) fn rss_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Open sockets; `None` too if there are too many descriptors to look at.
pub(crate) fn open_sockets() -> Option<u64> {
    let mut sockets = 0;
    for (at, entry) in fs::read_dir("/proc/self/fd").ok()?.enumerate() {
        if at >= MOST_DESCRIPTORS {
            return None;
        }
        let target = entry.ok().and_then(|entry| fs::read_link(entry.path()).ok());
        sockets +=
            u64::from(target.is_some_and(|target| target.to_string_lossy().starts_with("socket:")));
    }
    Some(sockets)
}

/// The threads for blocking work of `runtimes` together; `None` too where Tokio does not tell.
pub(crate) fn blocking_pool(runtimes: &[Handle]) -> Option<BlockingPool> {
    #[cfg(tokio_unstable)]
    return (!runtimes.is_empty()).then(|| {
        let metrics: Vec<_> = runtimes.iter().map(Handle::metrics).collect();
        BlockingPool {
            threads: metrics.iter().map(|of| of.num_blocking_threads() as u64).sum(),
            idle: metrics.iter().map(|of| of.num_idle_blocking_threads() as u64).sum(),
            queued: metrics.iter().map(|of| of.blocking_queue_depth() as u64).sum(),
        }
    });
    #[cfg(not(tokio_unstable))]
    {
        let _ = runtimes;
        None
    }
}

/// The name of the executable.
pub(crate) fn executable() -> Option<String> {
    Some(std::env::current_exe().ok()?.file_name()?.to_string_lossy().into_owned())
}

/// The host's, or pod's, name.
pub(crate) fn host() -> Option<String> {
    let name = std::env::var("HOSTNAME")
        .ok()
        .or_else(|| fs::read_to_string("/proc/sys/kernel/hostname").ok())?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_process_is_told_of_truthfully() {
        assert!(rss_bytes().unwrap() > 100 * 1024);
        let before = open_sockets().unwrap();
        let listeners: Vec<_> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        assert!(open_sockets().unwrap() >= before.min(1) + listeners.len() as u64);
    }

    #[cfg(tokio_unstable)]
    #[test]
    fn the_blocking_pool_is_told_of_truthfully() {
        assert_eq!(blocking_pool(&[]), None);
        let runtime =
            tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let handles = [runtime.handle().clone()];
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let work = runtime.spawn_blocking(move || wait.recv());
        let queued = runtime.spawn_blocking(|| ());
        let once = |threads, idle, queued| {
            let expected = Some(BlockingPool { threads, idle, queued });
            let start = Instant::now();
            while blocking_pool(&handles) != expected {
                assert!(start.elapsed() < Duration::from_secs(30), "{:?}", blocking_pool(&handles));
                std::thread::yield_now();
            }
        };
        once(1, 0, 1);
        drop(done);
        runtime.block_on(async { drop((work.await, queued.await)) });
        once(1, 1, 0);
    }

    #[test]
    fn only_counted_threads_count_as_own_cpu_time() {
        let own = OwnCpu::default();
        assert_eq!(own.used(), Some(Duration::ZERO));
        own.add_thread();
        own.add_thread();
        assert_eq!(
            own.threads.lock().unwrap().len(),
            1,
            "a part that starts again is counted once"
        );
        let before = own.used().unwrap();
        let start = Instant::now();
        // Enough work that the scheduler accounts for it, whatever else the machine does.
        while own.used().unwrap() < before + Duration::from_millis(5) {
            std::hint::black_box((0..10_000u64).sum::<u64>());
            assert!(start.elapsed() < Duration::from_secs(30));
        }
    }
}

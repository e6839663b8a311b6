//! The service that is attached to, in a process of its own, and what it costs by the kernel's account.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use stranded_server::Builder;

use crate::tasks;

/// Parks `count` tasks beside an agent, prints where the agent listens, and stays until standard input ends.
pub(crate) fn run(count: usize) -> Result<(), Box<dyn Error>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let agent = Builder::new().bind("127.0.0.1:0").name("crowd").init();
        tasks::park(count).await;
        let address = agent.address(Duration::from_secs(10));
        println!("{}", address.ok_or_else(|| agent.faults().join("; "))?);
        Ok::<_, Box<dyn Error>>(())
    })?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A running service. It ends when this is dropped.
pub(crate) struct Service {
    process: Child,
    address: String,
}

impl Service {
    /// Starts it, and waits until all tasks are parked.
    pub(crate) fn start(count: usize) -> Result<Self, Box<dyn Error>> {
        let process = Command::new(std::env::current_exe()?)
            .args(["child", &count.to_string()])
            // Settings of the caller's are not what is measured.
            .env_remove("STRANDED_STACKS")
            .env_remove("STRANDED_RESOURCES")
            .env_remove("STRANDED_MEMORY_MB")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut service = Self { process, address: String::new() };
        let output = service.process.stdout.take().ok_or("its output is not piped")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        address.trim().clone_into(&mut service.address);
        if service.address.is_empty() {
            return Err("the service ended before its tasks were parked".into());
        }
        Ok(service)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Processor time of the agent's threads during `span`, in percent of one core.
    pub(crate) fn agent_load(&self, span: Duration) -> io::Result<f64> {
        let (start, before) = (Instant::now(), self.agent_time()?);
        thread::sleep(span);
        let used = self.agent_time()?.saturating_sub(before);
        Ok(used.as_secs_f64() / start.elapsed().as_secs_f64() * 100.0)
    }

    /// Processor time that the agent's threads have used.
    fn agent_time(&self) -> io::Result<Duration> {
        let mut used = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let thread = thread?.path();
            if !fs::read_to_string(thread.join("comm"))?.starts_with("stranded") {
                continue;
            }
            let statistics = fs::read_to_string(thread.join("schedstat"))?;
            let ns = statistics.split_whitespace().next().and_then(|ns| ns.parse().ok());
            used += Duration::from_nanos(ns.ok_or(io::ErrorKind::InvalidData)?);
        }
        Ok(used)
    }

    /// Resident memory of the whole process.
    pub(crate) fn resident_bytes(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: Option<f64> =
            line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        Ok(kilobytes.ok_or(io::ErrorKind::InvalidData)? * 1024.0)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It ends by itself when its input does; this only saves the time of tearing down its tasks.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

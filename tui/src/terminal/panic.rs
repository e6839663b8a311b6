//! Panics: the terminal is given back before anything is printed, whichever thread panics.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc::UnboundedSender;

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Our panic hook, while it is installed; the one from before comes back when it is dropped.
pub(crate) struct PanicHook {
    before: Hook,
}

impl PanicHook {
    /// Installs the hook. A panic of this thread gives the terminal back at once, since nobody else would. That of
    /// another thread becomes a report: this thread may be drawing just now, and ends the session in good order.
    pub(crate) fn install(reports: UnboundedSender<String>) -> Self {
        let before: Hook = Arc::from(panic::take_hook());
        let drawing = thread::current().id();
        let previous = Arc::clone(&before);
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() != drawing && reports.send(report(info)).is_ok() {
                return;
            }
            super::give_back();
            previous(info);
        }));
        Self { before }
    }
}

impl Drop for PanicHook {
    fn drop(&mut self) {
        // A hook cannot be changed by a thread that panics.
        if !thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

/// What the default hook would print.
fn report(info: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let backtrace = Backtrace::capture();
    let trace = match backtrace.status() {
        BacktraceStatus::Captured => format!("\nstack backtrace:\n{backtrace}"),
        _ => String::new(),
    };
    let info = info.to_string();
    let info = info.strip_prefix("panicked").unwrap_or(&info);
    format!("thread '{name}' panicked{info}{trace}")
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn a_panic_of_another_thread_becomes_a_report() {
        let (reports, mut panics) = mpsc::unbounded_channel();
        let hook = PanicHook::install(reports);
        let died = thread::Builder::new()
            .name("link".to_owned())
            .spawn(|| panic!("no such invariant"))
            .unwrap()
            .join();
        drop(hook);
        assert!(died.is_err());
        let report = panics.try_recv().unwrap();
        assert!(report.starts_with("thread 'link' panicked at "), "{report}");
        assert!(report.contains("no such invariant"), "{report}");
    }
}

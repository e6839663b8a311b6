//! Copies of files on blocking threads.

use std::fs::File;
use std::io::{self, Write as _};
use std::thread;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::spawn_blocking;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "file_copy",
    kind: Kind::Healthy,
    scenario: "H-19",
    about: "blocking work that takes minutes and ends",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        // A copy every minute, of which each takes three.
        if visitor.number % 600 == 10 {
            tokio::spawn(async {
                spawn_blocking(copy).await.ok();
            });
        }
    }
}

/// To a disk that takes a block every tenth of a second.
fn copy() -> io::Result<()> {
    let mut disk = File::options().write(true).open("/dev/null")?;
    for _ in 0..1_800 {
        disk.write_all(&[0; 4096])?;
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

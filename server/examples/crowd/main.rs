//! A service with very many parked tasks, to try how `stranded` does at that scale.
//!
//! ```text
//! cargo run --release -p stranded-server --example crowd -- 100000
//! cargo run --release --bin stranded                                 in another terminal
//! ```

mod tasks;

use std::error::Error;
use std::time::Duration;

/// Nothing else was asked for.
const TASKS: usize = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let count = match std::env::args().nth(1) {
        Some(count) => count.parse().map_err(|error| format!("`{count}`: {error}"))?,
        None => TASKS,
    };
    let agent = stranded_server::init();
    tasks::park(count).await;
    match agent.address(Duration::from_secs(10)) {
        Some(address) => println!("{count} tasks are parked; attach with: stranded {address}"),
        None => return Err(agent.faults().join("; ").into()),
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}

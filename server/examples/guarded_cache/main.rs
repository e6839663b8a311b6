//! A program that leaks two tasks at every shutdown, and the guard that tells where they wait:
//!
//! ```text
//! cargo run -p stranded-server --example guarded_cache            fails, with the report
//! cargo run -p stranded-server --example guarded_cache -- fixed   ends well
//! ```

mod cache;

use cache::Cache;

#[tokio::main]
async fn main() {
    let guard = stranded_server::testing::guard();
    let cache = Cache::start();
    cache.put("motto", "no task left behind").await;
    println!("{}", cache.get("motto").await.unwrap_or_default());
    if std::env::args().any(|argument| argument == "fixed") {
        cache.shutdown_all();
    } else {
        cache.shutdown();
    }
    guard.assert_no_leaks().await;
}

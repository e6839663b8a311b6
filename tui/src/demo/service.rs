//! The service by itself: `stranded demo --headless`.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener as Probe, ToSocketAddrs as _};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use stranded_server::Agent;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::healthy::{self, signals};
use super::router::router;
use super::shop::Shop;
use super::truth::{self, Site, Task};
use super::{DemoArgs, load};

static MAIN: Site = Site::healthy("main").of_kind("block_on");
static SERVER: Site = Site::healthy("http server");

/// How long the agent may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the service until a signal, the end of `--for`, or the end of the parent.
///
/// It starts the runtime itself: it is the main function of a process.
pub fn run_headless(args: &DemoArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime of the service")?;
    let agent = start_agent(args, &runtime)?;
    let Some(address) = agent.address(PATIENCE) else {
        bail!(
            "the agent does not listen at `{}`\nhint: choose another address with --bind",
            args.address()
        );
    };
    if let Some(path) = &args.truth {
        truth::file::keep(path.clone())?;
    }
    // The parent, if there is one, waits for this line.
    writeln!(io::stdout(), "listening on {address}").context("cannot say where it listens")?;
    let shutdown = CancellationToken::new();
    if args.child {
        end_with_parent(shutdown.clone())?;
    }
    let outcome = runtime.block_on(run(MAIN.task(), args, shutdown));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Sets up logging as a service does, with the agent around it.
fn start_agent(args: &DemoArgs, runtime: &tokio::runtime::Runtime) -> anyhow::Result<Agent> {
    probe(args.address())?;
    let writer =
        if args.log { BoxMakeWriter::new(io::stderr) } else { BoxMakeWriter::new(io::sink) };
    let subscriber = tracing_subscriber::registry()
        .with(EnvFilter::new("info"))
        .with(tracing_subscriber::fmt::layer().with_writer(writer));
    Ok(stranded_server::Builder::new()
        .name("orders-api")
        .bind(args.address())
        .runtime(runtime.handle().clone())
        .wrap(subscriber)
        .init())
}

/// Says at once that an address is taken; the agent in a service would go on trying.
fn probe(address: &str) -> anyhow::Result<()> {
    let Some(address) = address.to_socket_addrs().ok().and_then(|mut found| found.next()) else {
        return Ok(());
    };
    Probe::bind(address).with_context(|| {
        format!("cannot listen on {address}\nhint: --bind 127.0.0.1:0 takes a free port")
    })?;
    Ok(())
}

async fn run(_task: Task, args: &DemoArgs, shutdown: CancellationToken) -> anyhow::Result<()> {
    signals::end_on_signal(shutdown.clone())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context("cannot open a port for the HTTP service")?;
    let service = listener.local_addr()?;
    let shop = Shop::open(shutdown.clone()).await.context("cannot start the service")?;
    healthy::start(&shop)?;
    tokio::spawn(serve(SERVER.task(), listener, shop));
    load::start(service, &args.leaks.0, args.rate);
    tracing::info!(%service, leaks = %args.leaks, "open for business");
    match args.run_for {
        Some(span) => drop(tokio::time::timeout(span, shutdown.cancelled()).await),
        None => shutdown.cancelled().await,
    }
    Ok(())
}

async fn serve(_task: Task, listener: TcpListener, shop: Shop) {
    if let Err(error) = axum::serve(listener, router(shop)).await {
        tracing::error!(%error, "HTTP service ended");
    }
}

/// Ends the service when standard input ends: the parent holds the other side of it and never writes.
fn end_with_parent(shutdown: CancellationToken) -> io::Result<()> {
    thread::Builder::new().name("parent".to_owned()).spawn(move || {
        // Whatever ends the reading, the parent is gone.
        io::stdin().read_to_end(&mut Vec::new()).ok();
        shutdown.cancel();
    })?;
    Ok(())
}

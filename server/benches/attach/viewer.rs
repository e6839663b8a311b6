//! A viewer that does what the terminal UI does, with a clock in its hand.

use std::error::Error;
use std::time::{Duration, Instant};

use prost::Message;
use stranded_analysis::facts::{Update, View};
use stranded_analysis::{Model, Policy, judge};
use stranded_proto::v1::{self, DescribeRequest, inspector_client::InspectorClient};
use stranded_proto::{Description, MAX_MESSAGE_BYTES};
use tokio_stream::StreamExt;
use tonic::Streaming;

/// A viewer that has seen its first complete census.
pub(crate) struct Viewer {
    started: Instant,
    updates: Streaming<v1::Update>,
    model: Model,
    policy: Policy,
    /// From before it connected until the first complete census was applied.
    pub(crate) first: Duration,
    /// The same until there was a report on it.
    pub(crate) useful: Duration,
    /// What was sent until then, and the largest message of it, in bytes.
    pub(crate) bytes: usize,
    pub(crate) largest: usize,
}

impl Viewer {
    /// Attaches to the agent at `address`, in whose process `count` tasks are parked.
    pub(crate) async fn attach(address: &str, count: usize) -> Result<Self, Box<dyn Error>> {
        let started = Instant::now();
        let mut client = InspectorClient::connect(address.to_owned()).await?;
        Description::try_from(client.describe(DescribeRequest {}).await?.into_inner())?;
        let view = v1::View::from(&View { limit: 100, ..View::default() });
        let views = tokio_stream::once(view).chain(tokio_stream::pending());
        let updates = client.watch(views).await?.into_inner();
        let mut viewer = Self {
            started,
            updates,
            model: Model::default(),
            policy: Policy::default(),
            first: Duration::ZERO,
            useful: Duration::ZERO,
            bytes: 0,
            largest: 0,
        };
        while viewer.model.census().is_none() {
            viewer.next().await?;
        }
        viewer.first = started.elapsed();
        viewer.check(count)?;
        viewer.judge()?;
        viewer.useful = started.elapsed();
        Ok(viewer)
    }

    /// Whether everything has arrived: a figure for less would be worth nothing.
    fn check(&self, count: usize) -> Result<(), String> {
        let tracked = self.model.gauges().map_or(0, |gauges| gauges.tracked);
        let clusters = self.model.sites().flat_map(|site| &site.clusters);
        let parked: u64 = clusters.map(|cluster| cluster.parked).sum();
        let rows = self.model.window().rows.len();
        if (tracked, parked, rows) != (count as u64, count as u64, count.min(100)) {
            return Err(format!("of {count}: {tracked} tracked, {parked} parked, {rows} rows"));
        }
        Ok(())
    }

    /// Takes the next update in.
    pub(crate) async fn next(&mut self) -> Result<(), Box<dyn Error>> {
        let message = self.updates.message().await?.ok_or("the agent has ended the stream")?;
        let bytes = message.encoded_len();
        if bytes > MAX_MESSAGE_BYTES {
            return Err(format!("a message of {bytes} bytes").into());
        }
        self.bytes += bytes;
        self.largest = self.largest.max(bytes);
        self.model.apply(Update::try_from(message)?);
        Ok(())
    }

    /// Makes a report, and gives the time that it took.
    fn judge(&mut self) -> Result<Duration, String> {
        let (began, now) = (Instant::now(), self.model.at());
        self.model.review(now, &self.policy);
        let report = judge(&self.model, now, &self.policy);
        let took = began.elapsed();
        if report.findings.is_empty() {
            return Err(format!("nothing is found: {:?}", report.reasons));
        }
        Ok(took)
    }

    /// Watches on until every park stack has its symbols, and judges once more. Gives the time since it
    /// began to attach, and that of the judging alone.
    pub(crate) async fn until_named(&mut self) -> Result<(Duration, Duration), Box<dyn Error>> {
        while self.unnamed() > 0 {
            self.next().await?;
        }
        let judged = self.judge()?;
        Ok((self.started.elapsed(), judged))
    }

    fn unnamed(&self) -> usize {
        let clusters = self.model.sites().flat_map(|site| &site.clusters);
        let stacks = clusters.flat_map(|cluster| &cluster.stacks);
        let named = |stack| self.model.stack(stack).is_some_and(|stack| stack.wait.is_some());
        stacks.filter(|stack| !named(**stack)).count()
    }
}

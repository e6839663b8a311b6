//! What watches the workload.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use stranded_analysis::facts::StackCapture;
use stranded_proto::Description;
use stranded_proto::v1::DescribeRequest;
use stranded_proto::v1::inspector_client::InspectorClient;
use stranded_server::{Agent, Builder, Stacks};
use tracing::level_filters::LevelFilter;

use crate::bare::{self, Bare};

/// A subscriber, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Configuration {
    /// Tokio's instrumentation is compiled in, and nobody listens.
    Off,
    /// The least that could be useful: reads the clock and counts.
    Bare,
    /// console-subscriber with its defaults, without a client.
    Console,
    /// The agent without park stacks, without a viewer.
    Stranded,
    /// The agent with park stacks, without a viewer.
    StrandedStacks,
}

impl Configuration {
    pub(crate) const ALL: [Self; 5] =
        [Self::Off, Self::Bare, Self::Console, Self::Stranded, Self::StrandedStacks];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Bare => "bare",
            Self::Console => "console",
            Self::Stranded => "stranded",
            Self::StrandedStacks => "stranded+stacks",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|configuration| configuration.name() == name)
    }

    /// Makes it this process's subscriber.
    pub(crate) fn install(self) -> Result<Installed, String> {
        let agent = |stacks| Builder::new().bind("127.0.0.1:0").stacks(stacks).init();
        let mut installed = Installed { configuration: self, agent: None };
        match self {
            Self::Off => {}
            Self::Bare => tracing::subscriber::set_global_default(Bare::default())
                .map_err(|error| error.to_string())?,
            Self::Console => console_subscriber::ConsoleLayer::builder()
                .with_default_env()
                .server_addr(([127, 0, 0, 1], 0))
                .init(),
            Self::Stranded => installed.agent = Some(agent(Stacks::Off)),
            Self::StrandedStacks => installed.agent = Some(agent(Stacks::On)),
        }
        Ok(installed)
    }
}

/// A configuration in effect.
pub(crate) struct Installed {
    configuration: Configuration,
    agent: Option<Agent>,
}

impl Installed {
    /// Whether it watched what was measured: a figure of something that was not there is worth nothing.
    pub(crate) fn check(&self) -> Result<(), String> {
        let level = LevelFilter::current();
        match (self.configuration, &self.agent) {
            (Configuration::Off, _) if level == LevelFilter::OFF => Ok(()),
            (Configuration::Bare, _) if bare::seen() > 0 => Ok(()),
            (Configuration::Console, _) if level == LevelFilter::TRACE => Ok(()),
            (Configuration::Stranded, Some(agent)) => saw_tasks(agent, StackCapture::Off),
            (Configuration::StrandedStacks, Some(agent)) => {
                saw_tasks(agent, StackCapture::FramePointers)
            }
            (configuration, _) => {
                Err(format!("{configuration} is not in effect, at level {level}"))
            }
        }
    }
}

/// Asks the agent, as a viewer would, what it has seen.
fn saw_tasks(agent: &Agent, stacks: StackCapture) -> Result<(), String> {
    let address =
        agent.address(Duration::from_secs(10)).ok_or_else(|| agent.faults().join("; "))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let described = runtime.map_err(|error| error.to_string())?.block_on(async {
        let mut client = InspectorClient::connect(address.to_string()).await?;
        let mut described = client.describe(DescribeRequest {}).await?.into_inner();
        // The agent may be looking at its tables once a second only.
        for _ in 0..50 {
            if described.gauges.as_ref().is_some_and(|gauges| gauges.spawned > 0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            described = client.describe(DescribeRequest {}).await?.into_inner();
        }
        Ok::<_, Box<dyn Error>>(Description::try_from(described)?)
    });
    let described = described.map_err(|error| format!("{address}: {error}"))?;
    let (captured, spawned) = (described.target.stacks, described.gauges.spawned);
    if captured != stacks || spawned == 0 {
        return Err(format!("the agent captures stacks by {captured:?} and saw {spawned} tasks"));
    }
    Ok(())
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

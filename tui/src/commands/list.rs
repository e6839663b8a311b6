//! `stranded list`: spawn sites, tasks or resources as a table or as JSON.

mod order;
pub(super) mod resources;
mod sites;
mod tasks;

use clap::{Args, ValueEnum, value_parser};
use stranded_analysis::facts::View;
use stranded_analysis::query::Query;
use stranded_analysis::words::{count, counted};

use self::order::{Order, of_tasks};
use super::{block_on, census};
use crate::cli::{Shared, filter, task_filter};
use crate::exit::Exit;
use crate::link::event::Problem;
use crate::output;
use crate::target::Target;

/// List spawn sites, tasks or resources
///
/// One look at the target, taken now. A verdict needs time: for verdicts to rely on use `stranded
/// check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Filters, as behind the / key of the terminal UI:
  cache                              the text anywhere
  state=parked parked>5m             both
  -waits:timer                       not
  verdict=likely or rule=P1          either; of sites, not of tasks
  wakers=0 kind=task  site~pool  grow>0

Examples:
  stranded list localhost
  stranded list localhost tasks --filter 'parked>5m' --sort parked --limit 20")]
pub(crate) struct ListArgs {
    /// What to look at: HOST:PORT, http://HOST:PORT, unix:PATH, or a port of this machine
    target: String,
    /// What to list
    #[arg(value_enum, default_value_t = What::Sites)]
    what: What,
    /// Only what this filter selects
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    filter: Option<String>,
    /// The column to sort by, `-COLUMN` for smallest first [default: verdict for sites, parked for
    /// tasks]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    sort: Option<String>,
    /// The most rows
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Print JSON, schema stranded.list.v1
    #[arg(long)]
    json: bool,
}

impl ListArgs {
    /// The filter, if there is one that makes sense.
    pub(crate) fn query(&self) -> Result<Option<Query>, Problem> {
        let read = match self.what {
            What::Sites => filter,
            What::Tasks => task_filter,
            What::Resources => return self.refuse_row_options(),
        };
        self.filter.as_deref().map(read).transpose()
    }

    /// Resources have neither columns to sort by nor a filter: silence would look like an answer.
    fn refuse_row_options(&self) -> Result<Option<Query>, Problem> {
        let given = [("--filter", &self.filter), ("--sort", &self.sort)];
        match given.into_iter().find(|(_, value)| value.is_some()) {
            None => Ok(None),
            Some((option, _)) => Err(Problem {
                what: format!("Resources cannot be listed with {option}"),
                hint: "they are ordered by how many tasks wait; --limit takes the first".to_owned(),
            }),
        }
    }
}

/// What to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// The places in the code that spawn tasks
    Sites,
    /// Single tasks
    Tasks,
    /// Locks, channels and timers that somebody waits for, or that a waiting task holds
    Resources,
}

pub(crate) fn run(args: &ListArgs, shared: &Shared) -> anyhow::Result<Exit> {
    let target: Target = args.target.parse()?;
    let query = args.query()?;
    block_on(async {
        let text = match args.what {
            What::Sites => {
                let order = Order::of_sites(args.sort.as_deref())?;
                let picture = census::take(&target, View::default(), shared).await?;
                sites::list(&picture, query.as_ref(), order, args.limit as usize, args.json)
            }
            What::Tasks => {
                let view = View {
                    query: args.filter.clone().unwrap_or_default(),
                    sort: of_tasks(args.sort.as_deref())?,
                    limit: args.limit,
                    ..View::default()
                };
                let picture = census::take(&target, view, shared).await?;
                tasks::list(&picture, args.json)?
            }
            What::Resources => {
                let picture = census::take(&target, View::default(), shared).await?;
                resources::list(&picture, args.limit as usize, args.json)
            }
        };
        output::data(&text)?;
        Ok(Exit::Success)
    })
}

/// How much of everything was listed.
fn footer(shown: u64, matched: u64, total: u64, noun: &str) -> String {
    match () {
        () if total == 0 => format!("No {noun}s.\n"),
        () if matched == 0 => format!("0 of {} match.\n", counted(total, noun)),
        () if shown < matched => {
            format!("{} of {} shown; --limit shows more.\n", count(shown), counted(matched, noun))
        }
        () if matched < total => format!("{} of {} match.\n", count(matched), counted(total, noun)),
        () => format!("{}.\n", counted(total, noun)),
    }
}

//! How much a site has grown: told only where it is known, and up to now.

use std::time::Duration;

use stranded_analysis::facts::{Bin, History, Moment, SiteFacts};

use super::fixture;
use crate::app::history::growth;

/// A site with those bins.
fn site(recent: History, minutes: History) -> SiteFacts {
    let site = fixture::sites().into_iter().next().unwrap();
    SiteFacts { recent, minutes, ..site }
}

/// Bins of that width since the start of the process, by the least number of live tasks in each.
fn bins(width: u64, live: &[u32]) -> History {
    let bins = live.iter().map(|live| Bin { min_live: *live, ..Bin::default() });
    let width = Duration::from_secs(width);
    History { start: Moment::default(), width, bins: bins.collect() }
}

fn after(seconds: u64) -> Moment {
    Moment::default().forward(Duration::from_secs(seconds))
}

#[test]
fn growth_is_unknown_until_there_is_something_to_compare_with() {
    assert_eq!(growth(&site(bins(5, &[3]), bins(60, &[3])), after(4)), None);
    assert_eq!(growth(&site(bins(5, &[3, 5]), bins(60, &[3])), after(6)), Some(2));
}

#[test]
fn growth_reaches_up_to_now_and_not_to_the_start_of_this_minute() {
    let site = site(bins(5, &[40, 45, 50]), bins(60, &[0, 20, 40]));
    assert_eq!(growth(&site, after(179)), Some(50));
}

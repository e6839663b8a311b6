//! The leak engine of `stranded`: facts in, findings out.
//!
//! Reading order:
//!
//! - [`facts`]: what a source knows of a target, and [`facts::Update`], the unit in which it arrives;
//! - [`model`]: the facts of one target, kept up to date by applying updates;
//! - [`reach`]: which tasks nothing can ever wake, by the wait graph;
//! - [`rules`] and [`health`]: what accuses a site, and what speaks for it;
//! - [`docket`]: the life cycle of a verdict, from candidate to retracted or resolved;
//! - [`allow`]: what a team has acknowledged, so that it no longer counts;
//! - [`judge`](mod@judge): model, time and [`policy`] in, [`report`] out;
//! - [`query`]: the filter language; [`words`]: durations and plurals as a person reads them.
//!
//! Nothing here reads a clock, does I/O or is async: time arrives as a [`facts::Moment`].

pub mod allow;
pub mod docket;
pub mod facts;
pub mod health;
pub mod histogram;
pub mod history;
pub mod judge;
pub mod model;
pub mod park;
pub mod policy;
pub mod pooling;
pub mod query;
pub mod reach;
pub mod report;
pub mod rules;
mod scene;
pub mod stats;
pub mod words;

pub use judge::judge;
pub use model::Model;
pub use policy::Policy;
pub use report::Report;

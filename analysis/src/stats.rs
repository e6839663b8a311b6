//! The statistics behind the likely rules: a share with its uncertainty, and a trend that no burst fakes.

mod trend;
mod wilson;

pub use trend::{mann_kendall, theil_sen};
pub use wilson::wilson;

//! The life cycle of a verdict.

use crate::facts::Moment;
use crate::model::Model;
use crate::policy::Policy;

/// The cases of one boot.
#[derive(Clone, Debug, Default)]
pub struct Docket {
    retracted: u64,
}

impl Docket {
    pub(crate) fn review(&mut self, model: &Model, now: Moment, policy: &Policy) {
        let _ = (model, now, policy);
    }

    /// Findings that later data showed wrong.
    pub fn retracted(&self) -> u64 {
        self.retracted
    }
}

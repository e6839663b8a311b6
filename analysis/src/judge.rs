//! Model, time and policy in, report out.

use crate::facts::Moment;
use crate::model::Model;
use crate::policy::Policy;
use crate::report::Report;

/// Judges everything in `model` as of `now`.
pub fn judge(model: &Model, now: Moment, policy: &Policy) -> Report {
    let _ = (model, now, policy);
    todo!()
}

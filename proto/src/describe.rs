//! The answer to `Describe`.

use std::time::Duration;

use stranded_analysis::facts::{BootId, Gauges, Moment, TargetInfo};

use crate::convert::read::{Read, required};
use crate::convert::{DecodeError, bound};
use crate::limits::{MAX_FOCUS, MAX_MESSAGE_BYTES, MAX_QUERY_BYTES, MAX_ROWS};
use crate::v1;

/// Who a target is, how it fares now, and what its agent allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The run of the target.
    pub boot: BootId,
    /// When it was answered.
    pub at: Moment,
    /// Who the target is.
    pub target: TargetInfo,
    /// Gauges at that time.
    pub gauges: Gauges,
    /// What the agent allows.
    pub limits: Limits,
}

/// What an agent allows a viewer to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// No message is larger.
    pub max_message_bytes: u32,
    /// The largest row limit of a view.
    pub max_rows: u32,
    /// The most focused tasks of a view.
    pub max_focus: u32,
    /// The longest query text, in bytes.
    pub max_query_bytes: u32,
    /// A shorter interval is served at this one.
    pub min_interval: Duration,
}

impl Limits {
    /// What this version allows, with the shortest interval that the agent serves.
    pub fn with_min_interval(min_interval: Duration) -> Self {
        Self {
            max_message_bytes: MAX_MESSAGE_BYTES as u32,
            max_rows: MAX_ROWS as u32,
            max_focus: MAX_FOCUS as u32,
            max_query_bytes: MAX_QUERY_BYTES as u32,
            min_interval,
        }
    }
}

impl From<&Description> for v1::DescribeReply {
    fn from(description: &Description) -> Self {
        Self {
            boot: description.boot.0,
            at_ns: description.at.0,
            target: Some((&description.target).into()),
            gauges: Some((&description.gauges).into()),
            limits: Some(description.limits.into()),
        }
    }
}

impl TryFrom<v1::DescribeReply> for Description {
    type Error = DecodeError;

    fn try_from(wire: v1::DescribeReply) -> Read<Self> {
        Ok(Self {
            boot: BootId(wire.boot),
            at: Moment(wire.at_ns),
            target: required(wire.target, "target")?,
            gauges: required(wire.gauges, "gauges")?,
            limits: required(wire.limits, "limits")?,
        })
    }
}

impl From<Limits> for v1::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            max_message_bytes: limits.max_message_bytes,
            max_rows: limits.max_rows,
            max_focus: limits.max_focus,
            max_query_bytes: limits.max_query_bytes,
            min_interval_ns: bound::nanos(limits.min_interval),
        }
    }
}

impl TryFrom<v1::Limits> for Limits {
    type Error = DecodeError;

    /// Any numbers can be somebody's limits.
    fn try_from(wire: v1::Limits) -> Read<Self> {
        Ok(Self {
            max_message_bytes: wire.max_message_bytes,
            max_rows: wire.max_rows,
            max_focus: wire.max_focus,
            max_query_bytes: wire.max_query_bytes,
            min_interval: Duration::from_nanos(wire.min_interval_ns),
        })
    }
}

//! The wire of `stranded`: what travels between an agent and a viewer, and what a recording holds.
//!
//! Reading order:
//!
//! - [`v1`]: the types generated from `proto/stranded/v1/inspector.proto`, for the two gRPC edges only;
//! - [`convert`]: between them and [`stranded_analysis::facts`], both ways and total: every fact can be
//!   written, and what cannot be a fact is a [`DecodeError`];
//! - [`describe`]: the answer to `Describe`;
//! - [`limits`]: the bounds of every list and string, and so of every message;
//! - `weight` and `codec`: how much memory a message would take, told before it is decoded;
//! - [`split`](mod@split): one update of any size as messages of bounded size;
//! - [`recording`]: updates in a file that may be cut or damaged anywhere.
//!
//! `docs/WIRE.md` describes the same for somebody who writes another client.
//!
//! ```
//! use stranded_analysis::facts::{BootId, Moment, Update};
//! use stranded_proto::{split, v1};
//!
//! let update = Update::empty(BootId(7), 1, Moment(0));
//! let mut parts = split(update.clone());
//! let sent: v1::Update = parts.next().expect("there is always a part");
//! assert_eq!(parts.next_seq(), 2);
//! assert_eq!(Update::try_from(sent), Ok(update));
//! ```

mod codec;
pub mod convert;
pub mod describe;
pub mod limits;

pub mod recording;
pub mod split;
mod weight;

#[cfg(test)]
mod arbitrary;

pub use convert::{DecodeError, Fault};
pub use describe::{Description, Limits};
pub use limits::MAX_MESSAGE_BYTES;
pub use split::{Parts, split};

/// The level of the protocol that this build speaks. It grows with every addition to the `.proto`.
pub const PROTOCOL: u32 = 2;

/// The package `stranded.v1` as generated. Named only here and at the two gRPC edges.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
pub mod v1 {
    include!("generated/stranded.v1.rs");

    /// The compiled `.proto` file, for gRPC reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/stranded.v1.bin");
}

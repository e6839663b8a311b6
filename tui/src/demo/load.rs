//! The customers: who they are and what they ask for. They live in the same process, on the same
//! runtime, and speak to the service through sockets like everybody else.

mod call;
mod customers;
mod troublemakers;

use std::net::SocketAddr;

use super::leaks::Leak;

/// Sends the customers in, and those whose requests leave something behind.
///
/// `rate` multiplies how often the latter come.
pub(super) fn start(service: SocketAddr, leaks: &[&'static Leak], rate: f64) {
    customers::start(service);
    troublemakers::start(service, leaks, rate);
}

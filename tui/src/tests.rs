//! The terminal UI without a terminal: messages in, frames out.

mod accepted;
mod driver;
mod filter;
mod fixture;
mod freeze;
mod history;
mod links;
mod navigation;
mod screens;
mod sizes;

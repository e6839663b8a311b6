//! The terminal UI and the commands of `stranded`.

pub mod cli;
pub mod demo;
pub mod exit;
pub mod link;
pub mod run;
pub mod target;

mod app;
mod commands;
mod keymap;
mod msg;
mod output;
mod page;
mod terminal;
mod text;
mod theme;
mod update;
mod view;

#[cfg(test)]
mod tests;

//! Output formats: one writer each, which owns its quoting and escaping.
//!
//! A writer takes a tree of data and returns text in which every value reads back as it was, or says
//! which value the format cannot carry. No other code puts a value into a file.

use crate::path::OptionPath;

pub mod caddyfile;
pub mod deb822;
pub mod env;
pub mod ini;
pub mod json;
pub mod keyword;
pub mod lines;
pub mod nft;
pub mod qsettings;
pub mod shell;
pub mod tmpfiles;
pub mod udev;
pub mod unit;
pub mod xml;
pub mod yaml;

mod command;
#[cfg(test)]
mod hostile;
mod scalar;
mod sheet;
mod word;

/// A value that a format cannot carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatIssue {
    /// The option the value comes from.
    pub origin: Option<OptionPath>,
    /// What is wrong with it, as a lowercase sentence without a full stop.
    pub message: String,
}

impl FormatIssue {
    /// An issue of a value whose option the caller knows.
    pub fn new(message: impl Into<String>) -> Self {
        Self { origin: None, message: message.into() }
    }
}

//! Output formats: one writer each, which owns its quoting and escaping.
//!
//! A writer takes a tree of data and returns text in which every value reads back as it was, or says
//! which value the format cannot carry. No other code puts a value into a file.

use crate::path::OptionPath;

/// A value that a format cannot carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatIssue {
    /// The option the value comes from.
    pub origin: Option<OptionPath>,
    /// What is wrong with it, as a lowercase sentence without a full stop.
    pub message: String,
}

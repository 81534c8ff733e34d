//! A file being written: the text so far, and all values that could not be written into it.

use super::FormatIssue;
use crate::node::Node;
use crate::text::Text;

/// Text under construction. Issues do not stop the writing, so one run finds them all.
#[derive(Default)]
pub struct Sheet {
    text: Text,
    issues: Vec<FormatIssue>,
}

impl Sheet {
    /// Adds one line that says `node`.
    pub fn line(&mut self, line: &str, node: &Node) {
        self.text.line(line, node.origin.as_ref());
    }

    /// Records that `node` cannot be written.
    pub fn issue(&mut self, node: &Node, message: impl Into<String>) {
        self.issues.push(FormatIssue { origin: node.origin.clone(), message: message.into() });
    }

    /// The value inside `result`, or its message recorded as an issue of `node`.
    pub fn accept<T>(&mut self, node: &Node, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.issue(node, message)).ok()
    }

    /// The text when everything could be written, and otherwise everything that could not.
    pub fn finish(self) -> Result<Text, Vec<FormatIssue>> {
        if self.issues.is_empty() { Ok(self.text) } else { Err(self.issues) }
    }
}

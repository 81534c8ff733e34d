//! Plain lists: one item a line, as in `/etc/modules-load.d` or a list of hosts.

use super::FormatIssue;
use super::scalar::{TRUE_FALSE, one_line, shown, text, unexpected};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// Writes a list, one line an item. Readers of such files skip empty lines and comments, and strip spaces:
/// items that would not survive this are refused.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    match &node.value {
        Value::List(items) => {
            for item in items {
                if let Some(line) = sheet.accept(item, text(&item.value, TRUE_FALSE).and_then(line)) {
                    sheet.line(&line, item);
                }
            }
        }
        other => sheet.issue(node, unexpected(other, "a list of lines")),
    }
    sheet.finish()
}

/// One line.
fn line(text: String) -> Result<String, String> {
    one_line(&text)?;
    match text.chars().next() {
        None => Err("an empty line would be skipped".to_owned()),
        Some('#' | ';') => Err(format!("{} would be a comment", shown(&text))),
        // at the start of a file it is a byte order mark
        Some('\u{feff}') => {
            Err(format!("{} begins with a byte order mark, which would be lost", shown(&text)))
        }
        // several readers join such a line with the next
        Some(_) if text.ends_with('\\') => Err(format!("{} ends with a backslash", shown(&text))),
        Some(_) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::*;

    #[test]
    fn items_are_lines() {
        let node = Node::list([Node::new("overlay"), Node::new(1_i64)]);
        assert_eq!(content(write(&node)).as_deref(), Ok("overlay\n1\n"));
        assert_eq!(content(write(&Node::list([]))).as_deref(), Ok(""));
    }

    #[test]
    fn all_issues_are_found() {
        let bad = ["", "# a", "; a", "a\nb", " a", "\u{feff}a", "a\\"].map(Node::new);
        assert_eq!(write(&Node::list(bad)).map_err(|issues| issues.len()), Err(7));
        assert!(write(&Node::new("a")).is_err());
    }

    #[test]
    fn every_item_reads_back() {
        let read = |file: &str| {
            let lines: Vec<_> =
                file.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
            assert_eq!(lines.len(), 1);
            lines[0].to_owned()
        };
        let carried = ["a # b", "\"", "$(id)", "key = value", "[section]", "é", "~"];
        hostile::check(|s| content(write(&Node::list([Node::new(s)]))), read, &carried);
    }
}

//! Stanzas of `Field: value`, as apt reads them in `.sources` files (`sources.list(5)`, `deb822(5)`).

use super::FormatIssue;
use super::scalar::{YES_NO, is_name, one_line, shown, text, unexpected};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// Writes a map of fields as one stanza, or a list of them as several. A list of words is joined by spaces.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    match &node.value {
        Value::List(stanzas) => {
            for (at, item) in stanzas.iter().enumerate() {
                if at > 0 {
                    sheet.line("", item);
                }
                stanza(&mut sheet, item);
            }
        }
        _ => stanza(&mut sheet, node),
    }
    sheet.finish()
}

/// Writes one stanza.
fn stanza(sheet: &mut Sheet, node: &Node) {
    let Some(fields) = node.as_map().filter(|fields| !fields.is_empty()) else {
        return sheet.issue(node, unexpected(&node.value, "a record of fields that is not empty"));
    };
    for (name, field) in fields {
        if !is_name(name, "-") || name.starts_with('-') {
            sheet.issue(field, format!("{} is not the name of a field", shown(name)));
        }
        let mut values = Vec::new();
        match &field.value {
            Value::List(items) => {
                for item in items {
                    let word = text(&item.value, YES_NO).and_then(word);
                    values.extend(sheet.accept(item, word));
                }
                if items.is_empty() {
                    sheet.issue(field, format!("`{name}` has no value"));
                }
            }
            other => {
                let text = text(other, YES_NO).and_then(value);
                values.extend(sheet.accept(field, text));
            }
        }
        sheet.line(&format!("{name}: {}", values.join(" ")), field);
    }
}

/// One word of a value.
fn word(text: String) -> Result<String, String> {
    if text.contains(char::is_whitespace) {
        return Err(format!("{} has a space, which would make it two values", shown(&text)));
    }
    value(text)
}

/// A value.
fn value(text: String) -> Result<String, String> {
    one_line(&text)?;
    if text.is_empty() {
        Err("an empty value is the same to apt as none; leave the field out".to_owned())
    } else if text.contains("$(") {
        // apt replaces `$(ARCH)`, and has no escape for it
        Err(format!("{} has `$(`, which apt might replace", shown(&text)))
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::*;

    fn list(items: &[&str]) -> Node {
        Node::list(items.iter().map(|&item| Node::new(item)))
    }

    #[test]
    fn stanzas_are_spelled_as_apt_reads_them() {
        let stanza = || {
            Node::map([
                ("Types", list(&["deb", "deb-src"])),
                ("Suites", Node::new("trixie trixie-updates")),
                ("Enabled", Node::new(true)),
            ])
        };
        let text = "Enabled: yes\nSuites: trixie trixie-updates\nTypes: deb deb-src\n";
        assert_eq!(content(write(&stanza())).as_deref(), Ok(text));
        let two = format!("{text}\n{text}");
        assert_eq!(content(write(&Node::list([stanza(), stanza()]))).as_deref(), Ok(two.as_str()));
    }

    #[test]
    fn what_apt_would_misread_is_refused() {
        for (name, value) in [
            ("A", Node::new("a\nB: c")),
            ("A", Node::new("")),
            ("A", list(&[])),
            ("A", list(&["a b"])),
            ("A", Node::default()),
            ("A:", Node::new("x")),
            ("#A", Node::new("x")),
            ("A", Node::new("$(ARCH)")),
        ] {
            assert!(write(&Node::map([(name, value)])).is_err(), "{name}");
        }
        assert_eq!(write(&Node::map([("A", list(&["", "a b"]))])).map_err(|issues| issues.len()), Err(2));
        assert!(write(&Node::map::<String>([])).is_err());
    }

    #[test]
    fn every_value_reads_back() {
        let read = |file: &str| {
            let line = file.strip_suffix('\n').unwrap();
            assert!(!line.contains(char::is_control) && !line.contains("$("));
            line.strip_prefix("F:").unwrap().trim().to_owned()
        };
        hostile::check(
            |s| content(write(&Node::map([("F", Node::new(s))]))),
            read,
            &["# a", "a: b", "\\", "🎬"],
        );
        let words = |s: &str| content(write(&Node::map([("F", list(&[s, "end"]))])));
        let read_word = |file: &str| {
            let value = read(file);
            let words: Vec<_> = value.split_whitespace().collect();
            assert_eq!((words.len(), words[1]), (2, "end"));
            words[0].to_owned()
        };
        hostile::check(words, read_word, &["#", "a:", "\"", "%n"]);
    }
}

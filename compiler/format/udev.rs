//! udev rules (udev(7); `udev_rule_parse_value` in systemd's src/udev).

use super::FormatIssue;
use super::scalar::{TRUE_FALSE, shown, text, unexpected};
use super::sheet::Sheet;
use super::word::{c_escape, valid};
use crate::node::{Node, Value};
use crate::text::Text;

/// Beyond this udev takes a line for too long (`UDEV_LINE_SIZE`).
const LONGEST_LINE: usize = 16_384;

/// Writes a list of rules, one line each.
///
/// A rule is a list of `[key, operator, value]` or `{ key, op, value }`. Values are the patterns and
/// substitutions that udev makes of them: `*` and `$kernel` keep their meaning there.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    let Value::List(rules) = &node.value else {
        sheet.issue(node, unexpected(&node.value, "a list of rules"));
        return sheet.finish();
    };
    for rule in rules {
        let Value::List(tokens) = &rule.value else {
            sheet.issue(rule, unexpected(&rule.value, "a rule as a list of `[key, operator, value]`"));
            continue;
        };
        if tokens.is_empty() {
            sheet.issue(rule, "a rule without any key");
        }
        let mut written = Vec::new();
        for item in tokens {
            written.extend(sheet.accept(item, token(&item.value)));
        }
        let line = written.join(", ");
        if line.len() >= LONGEST_LINE {
            sheet.issue(rule, format!("the rule is longer than {LONGEST_LINE} bytes"));
        }
        sheet.line(&line, rule);
    }
    sheet.finish()
}

/// One `KEY=="value"`.
fn token(value: &Value) -> Result<String, String> {
    let (key, op, value) = match value {
        Value::List(parts) => match parts.as_slice() {
            [key, op, value] => (key, op, value),
            _ => return Err("a key of a rule has three parts: key, operator, value".to_owned()),
        },
        Value::Map(parts) => match (parts.get("key"), parts.get("op"), parts.get("value"), parts.len()) {
            (Some(key), Some(op), Some(value), 3) => (key, op, value),
            _ => return Err("a key of a rule has three parts: `key`, `op`, `value`".to_owned()),
        },
        other => return Err(unexpected(other, "`[key, operator, value]`")),
    };
    let key = key.as_str().filter(|key| is_key(key)).ok_or_else(|| match key.as_str() {
        Some(key) => format!("{} is not a key of udev rules", shown(key)),
        None => unexpected(&key.value, "a key"),
    })?;
    let op = op.as_str().unwrap_or_default();
    if !matches!(op, "==" | "!=" | "=" | "+=" | ":=" | "-=") {
        return Err(format!("{} is not an operator of udev rules", shown(op)));
    }
    Ok(format!("{key}{op}{}", quote(&text(&value.value, TRUE_FALSE)?)?))
}

/// `ACTION`, `ATTR{size}`.
fn is_key(key: &str) -> bool {
    let (name, attribute) = key.split_once('{').map_or((key, None), |(name, rest)| (name, Some(rest)));
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        && attribute.is_none_or(|rest| {
            rest.strip_suffix('}').is_some_and(|inner| {
                !inner.is_empty()
                    && !inner.contains(|c: char| c.is_control() || matches!(c, '{' | '}' | '"' | '\\'))
            })
        })
}

/// A value in quotes; only `e"…"` has escapes.
fn quote(value: &str) -> Result<String, String> {
    valid(value)?;
    let escaped = c_escape(value).replace('"', "\\\"");
    Ok(if escaped == value { format!("\"{value}\"") } else { format!("e\"{escaped}\"") })
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::super::word::reader::{Escapes, words};
    use super::*;

    fn rule(parts: &[&str]) -> Node {
        Node::list([Node::list([Node::list(parts.iter().map(|&part| Node::new(part)))])])
    }

    #[test]
    fn rules_are_lines() {
        let triple = Node::list(["SUBSYSTEM", "==", "net"].map(Node::new));
        let named =
            Node::map([("key", Node::new("ATTR{a/b}")), ("op", Node::new("=")), ("value", Node::new(1_i64))]);
        let node = Node::list([Node::list([triple, named])]);
        assert_eq!(content(write(&node)).as_deref(), Ok("SUBSYSTEM==\"net\", ATTR{a/b}=\"1\"\n"));
        for (value, expected) in [("a b'", "\"a b'\""), ("\"\\", "e\"\\\"\\\\\""), ("\n", "e\"\\n\"")] {
            let written = content(write(&rule(&["RUN", "+=", value])));
            assert_eq!(written.as_deref(), Ok(format!("RUN+={expected}\n").as_str()));
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for parts in [
            &["run", "=", "x"][..],
            &["", "=", "x"],
            &["ATTR{", "=", "x"],
            &["ATTR{}", "=", "x"],
            &["ATTR{a}b", "=", "x"],
            &["ATTR{\"}", "=", "x"],
            &["RUN", "===", "x"],
            &["RUN", "="],
            &["RUN", "=", "\0"],
        ] {
            assert!(write(&rule(parts)).is_err(), "{parts:?}");
        }
        assert!(write(&rule(&["RUN", "=", &"x".repeat(LONGEST_LINE)])).is_err());
        let bad = Node::list([Node::list([Node::new("x"), Node::new("y")]), Node::new("z")]);
        assert_eq!(write(&bad).map_err(|issues| issues.len()), Err(3));
    }

    /// `udev_rule_parse_value`.
    fn read(file: &str) -> String {
        let value = file.strip_prefix("RUN+=").unwrap().strip_suffix('\n').unwrap();
        if let Some(escaped) = value.strip_prefix('e') {
            let words = words(escaped, Escapes::C);
            assert_eq!(words.len(), 1);
            return words[0].clone();
        }
        let inner = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        assert!(!inner.contains(['"', '\\', '\n']));
        inner.to_owned()
    }

    #[test]
    fn every_value_reads_back() {
        let carried =
            ["", "a\r\nb", "\"", "\\", "\\\"", "trailing\\", "'", "$(id)", "# a", "e\"x\"", "🎬", "\u{feff}"];
        hostile::check(|s| content(write(&rule(&["RUN", "+=", s]))), read, &carried);
    }
}

//! YAML in block style, which readers of YAML 1.1 and 1.2 understand alike.

use std::fmt::Write;

use super::FormatIssue;
use super::scalar::{float, is_invisible};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// Which strings get quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// Those that some reader could take for something else.
    WhereNeeded,
    /// Every string value, for programs that guess types once more after the YAML parser did.
    AllStrings,
}

/// Writes `node` with quotes where they are needed.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    write_quoted(node, Quoting::WhereNeeded)
}

/// Writes `node` with quotes as `quoting` says. Keys have quotes only where they are needed.
pub fn write_quoted(node: &Node, quoting: Quoting) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    block(&mut sheet, node, quoting, "", "");
    sheet.finish()
}

/// The same tree with every `$` in a string doubled: Compose replaces `$NAME` and `${NAME}` by the
/// environment of whoever runs it, and reads `$$` as one `$`. Keys are not interpolated.
#[must_use]
pub fn compose_escape(node: &Node) -> Node {
    let value = match &node.value {
        Value::Str(text) => Value::Str(text.replace('$', "$$")),
        Value::List(items) => Value::List(items.iter().map(compose_escape).collect()),
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone(), compose_escape(value))).collect())
        }
        other => other.clone(),
    };
    Node { value, origin: node.origin.clone() }
}

/// Writes a block whose first line begins with `first`, and each further line with `rest`.
fn block(sheet: &mut Sheet, node: &Node, quoting: Quoting, first: &str, rest: &str) {
    let below = format!("{rest}  ");
    let leads = std::iter::once(first).chain(std::iter::repeat(rest));
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for (lead, (key, value)) in leads.zip(entries) {
                let key = string(key, Quoting::WhereNeeded);
                // a parser looks no further for the colon that makes a text a key (YAML 1.2 §7.4.2)
                if key.chars().count() > 1000 {
                    sheet.issue(value, "the key is too long for YAML");
                }
                if is_block(value) {
                    sheet.line(&format!("{lead}{key}:"), value);
                    block(sheet, value, quoting, &below, &below);
                } else {
                    block(sheet, value, quoting, &format!("{lead}{key}: "), &below);
                }
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (lead, item) in leads.zip(items) {
                block(sheet, item, quoting, &format!("{lead}- "), &below);
            }
        }
        value => {
            let text = match value {
                Value::Null => Ok("null".to_owned()),
                Value::Bool(b) => Ok(b.to_string()),
                Value::Int(n) => Ok(n.to_string()),
                Value::Float(x) => float(*x),
                Value::Str(text) => Ok(string(text, quoting)),
                Value::List(_) => Ok("[]".to_owned()),
                Value::Map(_) => Ok("{}".to_owned()),
            };
            if let Some(text) = sheet.accept(node, text) {
                sheet.line(&format!("{first}{text}"), node);
            }
        }
    }
}

/// Whether a value takes lines of its own below its key.
fn is_block(node: &Node) -> bool {
    match &node.value {
        Value::Map(entries) => !entries.is_empty(),
        Value::List(items) => !items.is_empty(),
        _ => false,
    }
}

/// One string. Quoted means double-quoted: only those have escapes.
fn string(text: &str, quoting: Quoting) -> String {
    if quoting == Quoting::WhereNeeded && is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_invisible(c) => {
                let code = u32::from(c);
                // writing to a string cannot fail
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a string means itself without quotes in YAML 1.1 and 1.2: it begins like a word or a path, so
/// it is no number, date or sign of the syntax, and it is none of the words that mean something else.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ':' | '@'))
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::super::hostile;
    use super::*;
    use crate::path::OptionPath;

    fn check(node: &Node, expected: &str) {
        assert_eq!(hostile::content(write(node)).as_deref(), Ok(expected));
    }

    #[test]
    fn blocks_are_indented_by_two() {
        let ports = Node::list([Node::map([("host", Node::new(80_i64)), ("to", Node::new("web"))])]);
        let nested =
            Node::list([Node::list([Node::new("a"), Node::new("b")]), Node::list([]), Node::new("c")]);
        check(
            &Node::map([("ports", ports), ("x", nested)]),
            "ports:\n  - host: 80\n    to: web\nx:\n  - - a\n    - b\n  - []\n  - c\n",
        );
        check(&Node::map([("a", Node::map([("b", Node::map::<String>([]))]))]), "a:\n  b: {}\n");
        check(&Node::map([("yes", Node::default()), ("1", Node::new(true))]), "\"1\": true\n\"yes\": null\n");
        check(&Node::new(Value::Float(1e300)), "1.0e+300\n");
    }

    #[test]
    fn only_plain_words_go_without_quotes() {
        for plain in ["web", "/srv/media", "lscr.io/x/y:1.2", "a-b_c", "e5", "user@host", "x:y"] {
            check(&Node::new(plain), &format!("{plain}\n"));
        }
        for quoted in ["yes", "NO", "y", "1e5", "0777", "22:22", "a: b", "a b", "", "~", "-", "a:", ".5", "é"]
        {
            check(&Node::new(quoted), &format!("\"{quoted}\"\n"));
        }
        check(&Node::new("a\u{85}\u{2028}\u{10ffff}\0\""), "\"a\\x85\\u2028\\U0010ffff\\x00\\\"\"\n");
        let quoted = write_quoted(&Node::map([("key", Node::new("word"))]), Quoting::AllStrings);
        assert_eq!(hostile::content(quoted).as_deref(), Ok("key: \"word\"\n"));
    }

    #[test]
    fn lines_know_their_option() {
        let port = OptionPath::parse("port");
        let text =
            write(&Node::map([("a", Node::list([Node::new(1_i64), Node::new(2_i64).from_option(&port)]))]));
        assert_eq!(text.map(|t| t.origin(3).cloned()), Ok(Some(port)));
    }

    #[test]
    fn all_issues_are_found() {
        let nan = || Node::new(Value::Float(f64::NAN));
        assert_eq!(write(&Node::list([nan(), nan()])).map_err(|issues| issues.len()), Err(2));
        assert!(write(&Node::map([("k".repeat(2000), Node::new("v"))])).is_err());
    }

    #[test]
    fn every_string_reads_back() {
        for quoting in [Quoting::WhereNeeded, Quoting::AllStrings] {
            let write = |s: &str| hostile::content(write_quoted(&Node::list([Node::new(s)]), quoting));
            hostile::check_total(write, |text| serde_yaml::from_str::<[String; 1]>(text).unwrap()[0].clone());
        }
        let write = |s: &str| hostile::content(write(&Node::map([(s, Node::new(1_i64))])));
        let read = |text: &str| {
            let map: std::collections::BTreeMap<String, i64> = serde_yaml::from_str(text).unwrap();
            map.into_keys().collect()
        };
        hostile::check(write, read, &["", "a\nb", "yes", "- a", "? a", "<<", "🎬"]);
    }

    #[test]
    fn compose_interpolates_nothing() {
        let node = Node::map([("$k", Node::list([Node::new("a$b$$"), Node::new(1_i64)]))]);
        let expected = Node::map([("$k", Node::list([Node::new("a$$b$$$$"), Node::new(1_i64)]))]);
        assert_eq!(compose_escape(&node), expected);
    }
}

//! Environment files as Docker Compose reads them (compose-go v2.0, dotenv/parser.go: Compose 2.26).

use std::fmt::Write;

use super::FormatIssue;
use super::scalar::{TRUE_FALSE, is_name, shown, text, unexpected};
use super::sheet::Sheet;
use crate::node::Node;
use crate::text::Text;

/// Writes a map of variables, `NAME=value`, one line each.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    let Some(variables) = node.as_map() else {
        sheet.issue(node, unexpected(&node.value, "a record of variables"));
        return sheet.finish();
    };
    for (name, variable) in variables {
        if !is_name(name, "_") || name.starts_with(|c: char| c.is_ascii_digit()) {
            sheet.issue(variable, format!("{} is not the name of a variable", shown(name)));
        }
        let value = text(&variable.value, TRUE_FALSE).and_then(|text| value(&text));
        if let Some(value) = sheet.accept(variable, value) {
            sheet.line(&format!("{name}={value}"), variable);
        }
    }
    sheet.finish()
}

/// A value: bare when nothing in it is special, in single quotes when these keep it as it is, and
/// otherwise in double quotes with escapes. A backslash is no escape in single quotes, but one before the
/// closing quote makes that a part of the value.
fn value(text: &str) -> Result<String, String> {
    if is_name(text, "_./:@,+-") {
        return Ok(text.to_owned());
    }
    if text.contains('\0') {
        return Err(format!("{} has a NUL, which no variable can hold", shown(text)));
    }
    if !text.contains(|c: char| c.is_control() || matches!(c, '\'' | '\\')) {
        return Ok(format!("'{text}'"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        // writing to a string cannot fail
        let _ = match c {
            '"' | '\\' | '$' => write!(out, "\\{c}"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            // `\0` announces three octal digits
            c if c.is_control() => write!(out, "\\0{:03o}", u32::from(c)),
            c => out.write_char(c),
        };
    }
    out.push('"');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::super::word::reader::halve;
    use super::*;

    fn one(name: &str, value: Node) -> Result<String, Vec<String>> {
        content(write(&Node::map([(name, value)])))
    }

    #[test]
    fn values_are_quoted_where_needed() {
        for (value, expected) in [
            (Node::new("Europe/Berlin"), "Europe/Berlin"),
            (Node::new(1000_i64), "1000"),
            (Node::new(true), "true"),
            (Node::new(""), "''"),
            (Node::new("a b # c"), "'a b # c'"),
            (Node::new("$x \"y\""), "'$x \"y\"'"),
            (Node::new("it's $x"), "\"it's \\$x\""),
            (Node::new("a\\"), "\"a\\\\\""),
            (Node::new("a\nb\u{1b}"), "\"a\\nb\\0033\""),
        ] {
            assert_eq!(one("K", value).as_deref(), Ok(format!("K={expected}\n").as_str()));
        }
    }

    #[test]
    fn all_issues_are_found() {
        let bad = Node::map([("1A", Node::new("x")), ("A-B", Node::new("\0")), ("C", Node::default())]);
        assert_eq!(write(&bad).map_err(|issues| issues.len()), Err(4));
    }

    /// `extractVarValue`, then `expandEscapes` and `expandVariables` for double quotes.
    fn read(file: &str) -> String {
        let source = file.strip_prefix("K=").unwrap();
        let quote = source.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let Some(quote) = quote else {
            let (value, rest) = source.split_once('\n').unwrap();
            assert!(rest.is_empty() && !value.contains(['$', '#', ' ']));
            return value.to_owned();
        };
        let (mut inner, mut is_escaped, mut rest) = (String::new(), false, source[1..].chars());
        loop {
            let c = rest.next().expect("a closing quote");
            if c != quote {
                if !is_escaped && c == '\\' {
                    is_escaped = true;
                    continue;
                }
                if is_escaped {
                    inner.push('\\');
                }
                inner.push(c);
            } else if is_escaped {
                inner.push(c);
            } else {
                break;
            }
            is_escaped = false;
        }
        assert_eq!(rest.as_str(), "\n");
        if quote == '\'' { inner } else { halve(&expand_escapes(&inner), '$') }
    }

    /// Everything that matches `\\(?:[abcfnrtv$"\\]|0\d{0,3})`.
    fn expand_escapes(text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text.chars());
        while let Some(c) = rest.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match rest.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('$') => out.push_str("$$"),
                Some('0') => {
                    let digits: String = rest.by_ref().take(3).collect();
                    out.push(char::from_u32(u32::from_str_radix(&digits, 8).unwrap()).unwrap());
                }
                Some(c @ ('"' | '\\')) => out.push(c),
                other => panic!("not an escape: {other:?}"),
            }
        }
        out
    }

    #[test]
    fn every_value_reads_back() {
        let carried =
            ["", "a\r\nb", "\"'`", "''", "\\'", "\\", "\\\"", "\\$", "${X}", "\u{85}", "\u{feff}", "#", " "];
        hostile::check(|s| one("K", Node::new(s)), read, &carried);
    }
}

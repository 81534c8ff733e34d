//! INI files of Qt's `QSettings` (qtbase, src/corelib/io/qsettings.cpp).

use std::fmt::Write;

use super::FormatIssue;
use super::scalar::{TRUE_FALSE, is_invisible, shown, text, unexpected};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// Writes a map of sections, each a map of keys: `A/B` in section `S` is `A\B` below `[S]`. `General` is
/// Qt's name for the section of keys that have none.
///
/// A list is a Qt string list, and one item alone reads as a string, which Qt turns into a list again. The
/// map `{"@ByteArray" = "…"}` is a `QByteArray`.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    let Some(sections) = node.as_map() else {
        sheet.issue(node, unexpected(&node.value, "a record of sections"));
        return sheet.finish();
    };
    for (at, (name, section)) in sections.iter().enumerate() {
        if at > 0 {
            sheet.line("", section);
        }
        let is_general = name != "General" && name.eq_ignore_ascii_case("general");
        if name.is_empty() || name.contains('/') || is_general {
            sheet.issue(section, format!("{} is not the name of a section", shown(name)));
        }
        sheet.line(&format!("[{}]", escape_key(name)), section);
        let Some(entries) = section.as_map() else {
            sheet.issue(section, unexpected(&section.value, "a record of keys"));
            continue;
        };
        for (key, entry) in entries {
            // Qt joins the parts of a key again, so an empty part would be another key
            if key.split('/').any(str::is_empty) {
                sheet.issue(entry, format!("{} is not a key", shown(key)));
            }
            if let Some(value) = sheet.accept(entry, value(&entry.value)) {
                sheet.line(&format!("{}={value}", escape_key(key)), entry);
            }
        }
    }
    sheet.finish()
}

/// A name as `iniEscapedKey` writes it, per UTF-16 unit.
fn escape_key(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for unit in key.encode_utf16() {
        // writing to a string cannot fail
        let _ = match u8::try_from(unit) {
            Ok(b'/') => out.write_char('\\'),
            Ok(byte) if byte.is_ascii_alphanumeric() || b"_-.".contains(&byte) => out.write_char(byte.into()),
            Ok(byte) => write!(out, "%{byte:02X}"),
            Err(_) => write!(out, "%U{unit:04X}"),
        };
    }
    out
}

/// A value as `variantToString` and `iniEscapedStringList` write it.
fn value(value: &Value) -> Result<String, String> {
    match value {
        Value::List(items) if items.is_empty() => Ok("@Invalid()".to_owned()),
        Value::List(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| text(&item.value, TRUE_FALSE)).collect();
            Ok(items?.iter().map(|item| escape_value(&at_sign(item))).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            match (entries.len(), entries.get("@ByteArray").map(|bytes| text(&bytes.value, TRUE_FALSE))) {
                (1, Some(Ok(bytes))) if bytes.is_ascii() => Ok(escape_value(&format!("@ByteArray({bytes})"))),
                (1, Some(Ok(bytes))) => Err(format!("{} is no `@ByteArray` of ASCII text", shown(&bytes))),
                (1, Some(Err(message))) => Err(message),
                _ => Err("a record is no value, apart from `@ByteArray` alone".to_owned()),
            }
        }
        other => Ok(escape_value(&at_sign(&text(other, TRUE_FALSE)?))),
    }
}

/// Doubles an `@` at the start, where it would announce a value that is no string.
fn at_sign(text: &str) -> String {
    if text.starts_with('@') { format!("@{text}") } else { text.to_owned() }
}

/// A string as `iniEscapedString` writes it. It has quotes more often than Qt needs them.
fn escape_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_after_code = false;
    for c in text.chars() {
        // a hexadecimal escape takes all digits that follow it
        let is_code =
            is_invisible(c) && !matches!(c, '\n' | '\r' | '\t') || is_after_code && c.is_ascii_hexdigit();
        is_after_code = is_code;
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_code => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // writing to a string cannot fail
                    let _ = write!(out, "\\x{unit:x}");
                }
            }
            c => out.push(c),
        }
    }
    let is_risky = |c: char| c.is_whitespace() && c != ' ' || matches!(c, ';' | ',' | '=' | '#' | '[');
    if out.is_empty() || out.contains(is_risky) || out.trim() != out { format!("\"{out}\"") } else { out }
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::*;

    fn setting(value: Node) -> Result<String, Vec<String>> {
        content(write(&Node::map([("A", Node::map([("k", value)]))])))
    }

    fn check(value: Node, expected: &str) {
        assert_eq!(setting(value).as_deref(), Ok(format!("[A]\nk={expected}\n").as_str()));
    }

    #[test]
    fn values_are_spelled_as_qt_does() {
        let bytes = |s: &str| Node::map([("@ByteArray", Node::new(s))]);
        check(Node::new(true), "true");
        check(Node::new(-1_i64), "-1");
        check(Node::new("/data/two words"), "/data/two words");
        check(Node::new("*"), "*");
        check(Node::new("a,b;c=d"), "\"a,b;c=d\"");
        check(Node::new("@x"), "@@x");
        check(Node::new("\u{1}f\u{1f3ac}"), "\\x1\\x66\u{1f3ac}");
        check(bytes("c2FsdA=="), "\"@ByteArray(c2FsdA==)\"");
        check(bytes("abc"), "@ByteArray(abc)");
        check(Node::list([Node::new("a"), Node::new("b, c"), Node::new("")]), "a, \"b, c\", \"\"");
        check(Node::list([]), "@Invalid()");
        for bad in
            [Node::default(), bytes("é"), Node::map([("x", Node::new("y"))]), Node::list([Node::list([])])]
        {
            assert!(setting(bad).is_err());
        }
    }

    #[test]
    fn keys_are_escaped() {
        let one = |section: &str, key: &str| {
            content(write(&Node::map([(section, Node::map([(key, Node::new(1_i64))]))])))
        };
        assert_eq!(one("BitTorrent", "Session/Port").as_deref(), Ok("[BitTorrent]\nSession\\Port=1\n"));
        assert_eq!(one("a b", "é%日").as_deref(), Ok("[a%20b]\n%E9%25%U65E5=1\n"));
        for (section, key) in
            [("", "k"), ("a/b", "k"), ("general", "k"), ("A", ""), ("A", "/x"), ("A", "x//y")]
        {
            assert!(one(section, key).is_err(), "{section} {key}");
        }
    }

    /// `iniUnescapedStringList`, with codes kept as UTF-16 until the end.
    fn read_value(text: &str) -> Vec<String> {
        let (mut list, mut value, mut quoted, mut was_quoted) = (Vec::new(), Vec::<u16>::new(), false, false);
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\\' => match rest.next().unwrap() {
                    'n' => value.push(10),
                    'r' => value.push(13),
                    't' => value.push(9),
                    'x' => {
                        let mut code = 0;
                        while let Some(digit) = rest.peek().and_then(|c| c.to_digit(16)) {
                            code = code << 4 | digit;
                            rest.next();
                        }
                        value.push(code.try_into().unwrap());
                    }
                    c => value.push(u16::try_from(u32::from(c)).unwrap()),
                },
                '"' => (quoted, was_quoted) = (!quoted, true),
                ',' if !quoted => {
                    list.push(std::mem::take(&mut value));
                    was_quoted = false;
                }
                ' ' if !quoted && (value.is_empty() || was_quoted) => {}
                c => value.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            }
        }
        list.push(value);
        list.iter().map(|units| String::from_utf16(units).unwrap()).collect()
    }

    /// `stringToVariant` of a string: anything else that begins with `@` is a failure.
    fn string(text: &str) -> String {
        assert!(!text.starts_with('@') || text.starts_with("@@"), "{text}");
        text.strip_prefix('@').unwrap_or(text).to_owned()
    }

    fn line(file: &str) -> &str {
        let line = file.strip_prefix("[A]\nk=").unwrap().strip_suffix('\n').unwrap();
        assert!(!line.contains(char::is_control) && (line.starts_with('"') || line.trim() == line));
        line
    }

    #[test]
    fn every_string_reads_back() {
        hostile::check_total(
            |s| setting(Node::new(s)),
            |file| {
                let values = read_value(line(file));
                assert_eq!(values.len(), 1);
                string(&values[0])
            },
        );
        hostile::check_total(
            |s| setting(Node::list([Node::new("first"), Node::new(s), Node::new("last")])),
            |file| {
                let values = read_value(line(file));
                assert_eq!((values.len(), values[0].as_str(), values[2].as_str()), (3, "first", "last"));
                string(&values[1])
            },
        );
    }
}

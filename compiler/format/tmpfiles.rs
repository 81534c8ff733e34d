//! Lines of fields, as in tmpfiles.d(5) and sysusers.d(5).

use super::FormatIssue;
use super::scalar::{TRUE_FALSE, is_name, no_controls, one_line, shown, text, unexpected};
use super::sheet::Sheet;
use super::word::{c_escape, percent, valid};
use crate::node::{Node, Value};
use crate::text::Text;

/// Which program reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `systemd-tmpfiles`: type, path, mode, user, group, age, argument.
    Tmpfiles,
    /// `systemd-sysusers`: type, name, id, description, home, shell.
    Sysusers,
}

/// Writes a list of lines, each a list of fields; null is `-`, the field that is not set (and so is the
/// string `-`, but for the content of a file). `%` means itself.
pub fn write(node: &Node, table: Table) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    let Value::List(lines) = &node.value else {
        sheet.issue(node, unexpected(&node.value, "a list of lines"));
        return sheet.finish();
    };
    for line in lines {
        let Value::List(fields) = &line.value else {
            sheet.issue(line, unexpected(&line.value, "a line as a list of fields"));
            continue;
        };
        let most = if table == Table::Tmpfiles { 7 } else { 6 };
        if !(2..=most).contains(&fields.len()) {
            sheet.issue(line, format!("a line has 2 to {most} fields, found {}", fields.len()));
        }
        let kind = fields.first().and_then(Node::as_str).unwrap_or_default();
        let mut words = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            let word = match &field.value {
                Value::Null => Ok("-".to_owned()),
                value => text(value, TRUE_FALSE).and_then(|text| match (table, at) {
                    (Table::Tmpfiles, 6) => argument(kind, &text),
                    _ => field_word(&text),
                }),
            };
            words.extend(sheet.accept(field, word));
        }
        sheet.line(&words.join(" "), line);
    }
    sheet.finish()
}

/// A field in quotes where it needs them. Only `\\` and `\"` are safe escapes: whether `\n` is a line feed
/// or an n depends on the file and the version of systemd, so control characters are refused.
fn field_word(text: &str) -> Result<String, String> {
    no_controls(text)?;
    valid(text)?;
    if is_name(text, "_/.,:+@=-") {
        return Ok(text.to_owned());
    }
    Ok(format!("\"{}\"", percent(text).replace('\\', "\\\\").replace('"', "\\\"")))
}

/// The last field of tmpfiles.d, which is the rest of the line: without quotes, and with escapes only
/// where it is the content of a file (src/tmpfiles/tmpfiles.c, `specifier_expansion_from_arg`).
fn argument(kind: &str, text: &str) -> Result<String, String> {
    valid(text)?;
    if text.is_empty() {
        return Err("an empty argument is the same as none; say null".to_owned());
    }
    let is_plain = one_line(text).is_ok() && text != "-" && !text.contains('\\');
    if is_plain {
        return Ok(percent(text));
    }
    if !kind.starts_with(['f', 'w']) {
        return Err(format!("{} needs escapes, which `{kind}` lines do not have", shown(text)));
    }
    if text.trim() == text && text != "-" {
        return Ok(percent(&c_escape(text)));
    }
    // a space at the edge would be stripped, and a single dash is the field that is not set
    let code = |c: char| {
        if matches!(c, ' ' | '-') { format!("\\x{:02x}", u32::from(c)) } else { c_escape(&c.to_string()) }
    };
    let all = |c: char| if c == '%' { "%%".to_owned() } else { code(c) };
    Ok(text.chars().map(all).collect())
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::super::word::reader::{Escapes, halve, words};
    use super::*;

    fn one(table: Table, fields: &[&str]) -> Result<String, Vec<String>> {
        content(write(&Node::list([Node::list(fields.iter().map(|&field| Node::new(field)))]), table))
    }

    #[test]
    fn fields_are_quoted_where_needed() {
        for (table, fields, expected) in [
            (Table::Tmpfiles, &["d", "/srv/a b", "0755", "me"][..], "d \"/srv/a b\" 0755 me\n"),
            (
                Table::Tmpfiles,
                &["f+", "/a", "-", "-", "-", "-", "50% \"x\"\n"],
                "f+ /a - - - - 50%%\\x20\"x\"\\n\n",
            ),
            (Table::Tmpfiles, &["d", "/a%b"], "d \"/a%%b\"\n"),
            (Table::Sysusers, &["u", "media", "900", "Media \"x\""], "u media 900 \"Media \\\"x\\\"\"\n"),
        ] {
            assert_eq!(one(table, fields).as_deref(), Ok(expected));
        }
        let null = Node::list([Node::list([Node::new("u"), Node::new("a"), Node::default()])]);
        assert_eq!(content(write(&null, Table::Sysusers)).as_deref(), Ok("u a -\n"));
    }

    #[test]
    fn what_the_programs_would_misread_is_refused() {
        for (table, fields) in [
            (Table::Tmpfiles, &["d"][..]),
            (Table::Tmpfiles, &["d", "\0"]),
            (Table::Tmpfiles, &["L", "/a", "-", "-", "-", "-", "a\nb"]),
            (Table::Sysusers, &["u", "a\nb"]),
            (Table::Sysusers, &["u", "a", "1", "x", "/", "/bin/sh", "more"]),
        ] {
            assert!(one(table, fields).is_err(), "{fields:?}");
        }
        let bad = Node::list([Node::new("x"), Node::list([Node::new("d"), Node::new("\0"), Node::list([])])]);
        assert_eq!(write(&bad, Table::Tmpfiles).map_err(|issues| issues.len()), Err(3));
    }

    fn line(file: &str) -> &str {
        let line = file.strip_suffix('\n').unwrap();
        assert!(!line.contains(char::is_control) && !line.starts_with('#') && line.trim_ascii() == line);
        line
    }

    #[test]
    fn every_field_reads_back() {
        // systemd-tmpfiles took escapes literally once, and its manual promises C escapes
        for (table, escapes) in [
            (Table::Tmpfiles, Escapes::C),
            (Table::Tmpfiles, Escapes::Literal),
            (Table::Sysusers, Escapes::Literal),
        ] {
            let read = |file: &str| {
                let words = words(line(file), escapes);
                assert_eq!((words.len(), words[2].as_str()), (3, "end"));
                halve(&words[1], '%')
            };
            let carried = ["", "\"'`", "\\", "%n", "# comment", "two words", "🎬", "\\n", "$(id)"];
            hostile::check(|s| one(table, &["d", s, "end"]), read, &carried);
        }
        let read = |file: &str| {
            let rest = line(file).strip_prefix("f /a - - - - ").unwrap();
            assert_ne!(rest, "-");
            // escapes are read, but neither quotes nor spaces end anything
            let quoted = format!("\"{}\"", rest.replace('"', "\\x22").trim_ascii_start());
            halve(&words(&quoted, Escapes::C)[0], '%')
        };
        let carried = ["a\r\nb", "\"'`", "\\", " leading", "trailing ", "-", "%n", "\u{1b}[31mred\u{1b}[0m"];
        hostile::check(|s| one(Table::Tmpfiles, &["f", "/a", "-", "-", "-", "-", s]), read, &carried);
    }
}

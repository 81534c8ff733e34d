//! INI files as Python's `configparser` reads them. What programs set up differently there is refused.

use super::FormatIssue;
use super::scalar::{TRUE_FALSE, is_name, one_line, shown, text, unexpected};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// Writes a map of sections, each a map of options: `key = value`.
///
/// A list has one line an item, and so has a string with line feeds: the reader gives both back as lines.
/// `%` is doubled, as the reader interpolates `%(name)s`.
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
        if !is_name(name, "_.@/ -") || name.trim() != name {
            sheet.issue(section, format!("{} is not the name of a section", shown(name)));
        }
        sheet.line(&format!("[{name}]"), section);
        match section.as_map() {
            Some(options) => options.iter().for_each(|(key, value)| option(&mut sheet, key, value)),
            None => sheet.issue(section, unexpected(&section.value, "a record of options")),
        }
    }
    sheet.finish()
}

/// Writes one option; all lines of its value but the first are indented.
fn option(sheet: &mut Sheet, key: &str, node: &Node) {
    // the reader turns names into lowercase
    if !is_name(key, "_.-") || key.contains(|c: char| c.is_ascii_uppercase()) {
        sheet.issue(node, format!("{} is not the name of an option in lowercase", shown(key)));
    }
    match &node.value {
        Value::List(items) if items.is_empty() => sheet.line(&format!("{key} ="), node),
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                let line = text(&item.value, TRUE_FALSE).and_then(|value| value_line(&value));
                if let Some(line) = sheet.accept(item, line) {
                    sheet
                        .line(&if at == 0 { format!("{key} = {line}") } else { format!("    {line}") }, item);
                }
            }
        }
        Value::Str(value) if value.is_empty() => sheet.line(&format!("{key} ="), node),
        other => {
            let value = text(other, TRUE_FALSE).and_then(|value| value.split('\n').map(value_line).collect());
            if let Some(lines) = sheet.accept::<Vec<_>>(node, value) {
                sheet.line(&format!("{key} = {}", lines.join("\n    ")), node);
            }
        }
    }
}

/// One line of a value. What could be a comment is refused: programs differ in whether `;` or `#` behind a space
/// is one (`inline_comment_prefixes`), and a continuation line that begins with either is one everywhere.
fn value_line(line: &str) -> Result<String, String> {
    one_line(line)?;
    if line.is_empty() {
        return Err("an empty line inside a value would be lost".to_owned());
    }
    let mut before = ' ';
    for c in line.chars() {
        if matches!(c, '#' | ';') && before.is_whitespace() {
            return Err(format!("{} has a `{c}` behind a space, which begins a comment", shown(line)));
        }
        before = c;
    }
    Ok(line.replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::super::word::reader::halve;
    use super::*;

    fn jail(key: &str, value: Node) -> Result<String, Vec<String>> {
        content(write(&Node::map([("jail", Node::map([(key, value)]))])))
    }

    fn check(value: Node, expected: &str) {
        assert_eq!(jail("k", value).as_deref(), Ok(format!("[jail]\n{expected}").as_str()));
    }

    #[test]
    fn options_are_spelled_as_the_reader_expects() {
        check(Node::new(true), "k = true\n");
        check(Node::new(""), "k =\n");
        check(Node::new("a\nb"), "k = a\n    b\n");
        check(Node::list([Node::new("a"), Node::new(2_i64)]), "k = a\n    2\n");
        check(Node::new("5%d [x]"), "k = 5%%d [x]\n");
        let node = Node::map([("a", Node::map::<String>([])), ("b", Node::map::<String>([]))]);
        assert_eq!(content(write(&node)).as_deref(), Ok("[a]\n\n[b]\n"));
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        for value in ["a ; b", "a #b", "# a", "a\n;b", " a", "a\n\nb", "a\tb"] {
            assert!(jail("k", Node::new(value)).is_err(), "{value}");
        }
        for key in ["Upper", "a b", "", "#a", "a=b", "[a]"] {
            assert!(jail(key, Node::new("v")).is_err(), "{key}");
        }
        let bad = Node::map([("x]", Node::map([("k", Node::default())]))]);
        assert_eq!(write(&bad).map_err(|issues| issues.len()), Err(2));
    }

    /// `RawConfigParser._read` for one section and one option, with the comment prefixes of all readers.
    fn read(file: &str) -> String {
        let mut lines = file.lines();
        assert_eq!(lines.next(), Some("[jail]"));
        let (key, first) = lines.next().unwrap().split_once('=').unwrap();
        assert_eq!(key, "k ");
        let mut values = vec![first.trim()];
        for line in lines {
            assert!(line.starts_with("    ") && !line.trim().starts_with(['#', ';']), "{line}");
            values.push(line.trim());
        }
        assert!(values.iter().all(|value| !value.contains(" ;") && !value.contains(" #")));
        halve(&values.join("\n"), '%')
    }

    #[test]
    fn every_value_reads_back() {
        let carried =
            ["", "a\nb", "%(x)s", "%", "[section]", "key = value", "\"; rm -rf /", "a#b", "\\", "🎬"];
        hostile::check(|s| jail("k", Node::new(s)), read, &carried);
        hostile::check(|s| jail("k", Node::list([Node::new(s)])), read, &["[section]", "a: b", "=b"]);
    }
}

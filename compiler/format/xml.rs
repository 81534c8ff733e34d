//! XML as settings files use it: elements with attributes, child elements, or text.

use std::fmt::Write;

use super::FormatIssue;
use super::scalar::{CAPITALISED, is_invisible, is_name, shown, text, unexpected};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// What stands above the root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `<?xml version="1.0" encoding="utf-8"?>`.
    Declaration,
    /// Nothing.
    None,
}

/// Writes a map with one key, the root element.
///
/// In a map, `@name` is an attribute, `#text` the text, anything else a child element; a list repeats the
/// element, null leaves it empty. Booleans are `True` and `False`. An element that has only attributes
/// closes itself, and several attributes have a line each.
pub fn write(node: &Node, header: Header) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    if header == Header::Declaration {
        sheet.line("<?xml version=\"1.0\" encoding=\"utf-8\"?>", node);
    }
    let mut roots = node.as_map().into_iter().flatten();
    match (roots.next(), roots.next()) {
        (Some((name, root)), None) if !matches!(root.value, Value::List(_)) => {
            element(&mut sheet, name, root, "");
        }
        _ => sheet.issue(node, "an XML file has exactly one root element"),
    }
    sheet.finish()
}

/// Writes one element.
fn element(sheet: &mut Sheet, name: &str, node: &Node, indent: &str) {
    check_name(sheet, name, node);
    let Some(content) = node.as_map() else {
        match &node.value {
            Value::Null => sheet.line(&format!("{indent}<{name}/>"), node),
            value => {
                if let Some(text) =
                    sheet.accept(node, text(value, CAPITALISED).and_then(|text| element_text(&text)))
                {
                    sheet.line(&format!("{indent}<{name}>{text}</{name}>"), node);
                }
            }
        }
        return;
    };
    let below = format!("{indent}  ");
    let mut attributes = Vec::new();
    let mut children = Vec::new();
    let mut body = None;
    for (key, value) in content {
        if let Some(attribute) = key.strip_prefix('@') {
            check_name(sheet, attribute, value);
            let escaped = text(&value.value, CAPITALISED).and_then(|text| escape(&text));
            attributes
                .extend(sheet.accept(value, escaped).map(|text| (format!("{attribute}=\"{text}\""), value)));
        } else if key == "#text" {
            body = sheet.accept(value, text(&value.value, CAPITALISED).and_then(|text| element_text(&text)));
        } else {
            children.push((key, value));
        }
    }
    let end = match (&body, children.is_empty()) {
        (Some(text), true) => format!(">{text}</{name}>"),
        (Some(_), false) => return sheet.issue(node, format!("`{name}` has both text and child elements")),
        (None, true) => "/>".to_owned(),
        (None, false) => ">".to_owned(),
    };
    match attributes.split_last() {
        None => sheet.line(&format!("{indent}<{name}{end}"), node),
        Some(((only, value), [])) => sheet.line(&format!("{indent}<{name} {only}{end}"), value),
        Some(((last, value), others)) => {
            sheet.line(&format!("{indent}<{name}"), node);
            for (attribute, value) in others {
                sheet.line(&format!("{below}{attribute}"), value);
            }
            sheet.line(&format!("{below}{last}{end}"), value);
        }
    }
    for (key, child) in &children {
        match &child.value {
            Value::List(items) => {
                for item in items {
                    if matches!(item.value, Value::List(_)) {
                        sheet.issue(item, unexpected(&item.value, "an element"));
                    } else {
                        element(sheet, key, item, &below);
                    }
                }
            }
            _ => element(sheet, key, child, &below),
        }
    }
    if !children.is_empty() {
        sheet.line(&format!("{indent}</{name}>"), node);
    }
}

/// Refuses names that are not plain ASCII names; those that begin with `xml` are reserved.
fn check_name(sheet: &mut Sheet, name: &str, node: &Node) {
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_reserved = name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"));
    if !begins_well || is_reserved || !is_name(name, "_.-") {
        sheet.issue(node, format!("{} is not the name of an XML element or attribute", shown(name)));
    }
}

/// The text of an element. Readers that drop the indentation drop text that is nothing but space too.
fn element_text(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.trim_matches([' ', '\t', '\n', '\r']).is_empty() {
        return Err(format!("{} is only space, which XML readers drop", shown(text)));
    }
    escape(text)
}

/// Escapes text for elements and attributes alike. Line breaks and tabs are references, as a reader turns
/// them into spaces (XML 1.0 §3.3.3) or line feeds (§2.11) otherwise.
fn escape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // the only characters that XML 1.0 cannot have, not even as a reference (§2.2)
            '\u{fffe}' | '\u{ffff}' | '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => {
                return Err(format!(
                    "{} has the character U+{:04X}, which XML lacks",
                    shown(text),
                    u32::from(c)
                ));
            }
            c if is_invisible(c) => {
                // writing to a string cannot fail
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::*;
    use crate::path::OptionPath;

    fn check(node: Node, expected: &str) {
        assert_eq!(content(write(&Node::map([("Config", node)]), Header::None)).as_deref(), Ok(expected));
    }

    #[test]
    fn elements_are_spelled_as_dot_net_reads_them() {
        let urls = Node::list([Node::new("a"), Node::new("b")]);
        check(
            Node::map([
                ("Port", Node::new(80_i64)),
                ("Ssl", Node::new(false)),
                ("Url", urls),
                ("X", Node::default()),
            ]),
            "<Config>\n  <Port>80</Port>\n  <Ssl>False</Ssl>\n  <Url>a</Url>\n  <Url>b</Url>\n  <X/>\n</Config>\n",
        );
        check(Node::new(""), "<Config></Config>\n");
        check(
            Node::map([("@a", Node::new("\"<\n")), ("#text", Node::new("x"))]),
            "<Config a=\"&quot;&lt;&#10;\">x</Config>\n",
        );
        check(
            Node::map([("@a", Node::new(1_i64)), ("b", Node::new("x"))]),
            "<Config a=\"1\">\n  <b>x</b>\n</Config>\n",
        );
    }

    #[test]
    fn an_element_of_attributes_closes_itself() {
        let b = OptionPath::parse("b");
        let node = Node::map([("@A", Node::new("1")), ("@B", Node::new("2").from_option(&b))]);
        let text = write(&Node::map([("Preferences", node)]), Header::Declaration).unwrap();
        let header = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
        assert_eq!(text.as_str(), format!("{header}<Preferences\n  A=\"1\"\n  B=\"2\"/>\n"));
        assert_eq!(text.origin(4), Some(&b));
    }

    #[test]
    fn what_xml_cannot_say_is_refused() {
        for name in ["1a", "a b", "", "xmlA", "a:b", "é", "@", "a>"] {
            let node = Node::map([("Config", Node::map([(name, Node::new("x"))]))]);
            assert!(write(&node, Header::None).is_err(), "{name}");
        }
        let mixed = Node::map([("#text", Node::new("x")), ("a", Node::new("y"))]);
        let nested = Node::map([("a", Node::list([Node::list([])]))]);
        for node in [mixed, nested, Node::new("\0"), Node::new(" \n"), Node::list([])] {
            assert!(write(&Node::map([("Config", node)]), Header::None).is_err());
        }
        assert!(write(&Node::map::<String>([]), Header::None).is_err());
        let bad = Node::map([("a", Node::new("\u{1}")), ("@b", Node::new("\u{2}"))]);
        assert_eq!(write(&Node::map([("Config", bad)]), Header::None).map_err(|issues| issues.len()), Err(2));
    }

    /// The value of character data, or a panic where it holds markup or anything a reader would change.
    fn unescape(data: &str) -> String {
        assert!(!data.contains(['<', '>', '"', '\n', '\r', '\t']), "{data}");
        let mut parts = data.split('&');
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(';').unwrap();
            out.push(match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                number => char::from_u32(number.strip_prefix('#').unwrap().parse().unwrap()).unwrap(),
            });
            out.push_str(rest);
        }
        out
    }

    #[test]
    fn every_string_reads_back() {
        let carried =
            ["", "a\r\nb", "\"'`", "]]>", "</Config>", "&amp;", " leading", "\u{85}", "🎬", "\u{feff}"];
        let write_text = |s: &str| content(write(&Node::map([("C", Node::new(s))]), Header::None));
        let read_text =
            |file: &str| unescape(file.strip_prefix("<C>").unwrap().strip_suffix("</C>\n").unwrap());
        hostile::check(write_text, read_text, &carried);
        let node = |s: &str| Node::map([("C", Node::map([("@a", Node::new(s))]))]);
        let read =
            |file: &str| unescape(file.strip_prefix("<C a=\"").unwrap().strip_suffix("\"/>\n").unwrap());
        hostile::check(|s| content(write(&node(s), Header::None)), read, &carried);
    }
}

//! JSON, indented by two, one value a line.

use super::FormatIssue;
use super::scalar::{float, is_invisible, push_utf16_escape};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// Writes `node` as strict JSON (RFC 8259).
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    value(&mut sheet, node, "", "", "");
    sheet.finish()
}

/// Writes one value between `lead`, which holds its key, and `tail`, the comma.
fn value(sheet: &mut Sheet, node: &Node, indent: &str, lead: &str, tail: &str) {
    let below = format!("{indent}  ");
    let comma = |at: usize, length: usize| if at + 1 < length { "," } else { "" };
    let text = match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            sheet.line(&format!("{indent}{lead}{{"), node);
            for (at, (key, item)) in entries.iter().enumerate() {
                value(sheet, item, &below, &format!("{}: ", string(key)), comma(at, entries.len()));
            }
            sheet.line(&format!("{indent}}}{tail}"), node);
            return;
        }
        Value::List(items) if !items.is_empty() => {
            sheet.line(&format!("{indent}{lead}["), node);
            for (at, item) in items.iter().enumerate() {
                value(sheet, item, &below, "", comma(at, items.len()));
            }
            sheet.line(&format!("{indent}]{tail}"), node);
            return;
        }
        Value::Map(_) => Ok(format!("{lead}{{}}")),
        Value::List(_) => Ok(format!("{lead}[]")),
        Value::Null => Ok(format!("{lead}null")),
        Value::Bool(b) => Ok(format!("{lead}{b}")),
        Value::Int(n) => Ok(format!("{lead}{n}")),
        Value::Float(x) => float(*x).map(|x| format!("{lead}{x}")),
        Value::Str(text) => Ok(format!("{lead}{}", string(text))),
    };
    if let Some(text) = sheet.accept(node, text) {
        sheet.line(&format!("{indent}{text}{tail}"), node);
    }
}

/// A string in quotes. Invisible characters are escaped too, which JSON allows for every character.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_invisible(c) => push_utf16_escape(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
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
    fn values_have_a_line_each() {
        let list = Node::list([Node::new(1_i64), Node::list([]), Node::map([("x", Node::default())])]);
        check(
            &Node::map([("b", list), ("a", Node::new("é"))]),
            "{\n  \"a\": \"é\",\n  \"b\": [\n    1,\n    [],\n    {\n      \"x\": null\n    }\n  ]\n}\n",
        );
        check(&Node::map::<String>([]), "{}\n");
        check(&Node::new(Value::Float(2.5)), "2.5\n");
        check(&Node::new("\u{10ffff}\u{2028}\0\\\"\n"), "\"\\udbff\\udfff\\u2028\\u0000\\\\\\\"\\n\"\n");
    }

    #[test]
    fn lines_know_their_option() {
        let option = OptionPath::parse("a.b");
        let text = write(&Node::map([("k", Node::list([Node::new(true).from_option(&option)]))]));
        assert_eq!(text.map(|t| t.origin(3).cloned()), Ok(Some(option)));
    }

    #[test]
    fn numbers_are_finite() {
        let nan = || Node::new(Value::Float(f64::NAN));
        assert_eq!(write(&Node::list([nan(), nan()])).map_err(|issues| issues.len()), Err(2));
    }

    #[test]
    fn every_string_reads_back() {
        let write_value = |s: &str| hostile::content(write(&Node::list([Node::new(s)])));
        hostile::check_total(write_value, |t| serde_json::from_str::<[String; 1]>(t).unwrap()[0].clone());
        let write_key = |s: &str| hostile::content(write(&Node::map([(s, Node::new(1_i64))])));
        hostile::check_total(write_key, |text| {
            let map: std::collections::BTreeMap<String, i64> = serde_json::from_str(text).unwrap();
            map.into_keys().collect()
        });
    }
}

//! `Keyword value` lines as the OpenSSH server reads them (`sshd_config(5)`; `argv_split` in misc.c, since 8.7).

use super::FormatIssue;
use super::scalar::{YES_NO, is_name, no_controls, one_line, shown, text, unexpected};
use super::sheet::Sheet;
use crate::node::{Node, Value};
use crate::text::Text;

/// Keywords whose value is the rest of the line as it stands, quotes included (servconf.c).
const REST_OF_LINE: [&str; 4] =
    ["AuthorizedKeysCommand", "AuthorizedPrincipalsCommand", "ForceCommand", "VersionAddendum"];

/// Writes a map of keywords.
///
/// A list is several values on one line; a list of lists repeats the keyword. A map below `Match …` holds
/// the keywords for that case; it comes last, as it goes on until the next `Match`.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    let Some(entries) = node.as_map() else {
        sheet.issue(node, unexpected(&node.value, "a record of keywords"));
        return sheet.finish();
    };
    let (matches, keywords): (Vec<_>, Vec<_>) =
        entries.iter().partition(|(key, _)| key.starts_with("Match "));
    for (key, value) in keywords {
        keyword(&mut sheet, "", key, value);
    }
    for (key, value) in matches {
        let Some(entries) = value.as_map().filter(|entries| !entries.is_empty()) else {
            sheet.issue(value, unexpected(&value.value, "a record of keywords that is not empty"));
            continue;
        };
        let criteria = one_line(key).and_then(|()| {
            let is_safe = is_name(key, " _.,*?!/:@%=-");
            if is_safe { Ok(()) } else { Err(format!("{} is not a condition", shown(key))) }
        });
        if sheet.accept(value, criteria).is_some() {
            sheet.line("", value);
            sheet.line(key, value);
        }
        for (key, value) in entries {
            keyword(&mut sheet, "    ", key, value);
        }
    }
    sheet.finish()
}

/// Writes the lines of one keyword.
fn keyword(sheet: &mut Sheet, indent: &str, key: &str, node: &Node) {
    // without its criteria, `Match` and `Include` would change the meaning of all that follows
    if !is_name(key, "") || key.starts_with(|c: char| c.is_ascii_digit()) || key.eq_ignore_ascii_case("match")
    {
        sheet.issue(node, format!("{} is not a keyword", shown(key)));
    }
    let lines: Vec<(&Node, Vec<&Node>)> = match &node.value {
        Value::List(items) if items.iter().any(|item| matches!(item.value, Value::List(_))) => {
            items.iter().map(|item| (item, values(item))).collect()
        }
        _ => vec![(node, values(node))],
    };
    for (line, values) in lines {
        if values.is_empty() {
            sheet.issue(line, format!("`{key}` has no value"));
        }
        let is_rest = REST_OF_LINE.iter().any(|name| name.eq_ignore_ascii_case(key));
        let mut words = Vec::new();
        for value in values {
            let word =
                text(&value.value, YES_NO).and_then(|text| if is_rest { rest(&text) } else { word(&text) });
            words.extend(sheet.accept(value, word));
        }
        if is_rest && words.len() > 1 {
            sheet.issue(line, format!("`{key}` has one value, which is the rest of the line"));
        }
        sheet.line(&format!("{indent}{key} {}", words.join(" ")), line);
    }
}

/// The values of one line.
fn values(node: &Node) -> Vec<&Node> {
    if let Value::List(values) = &node.value { values.iter().collect() } else { vec![node] }
}

/// A value that ends with the line.
fn rest(text: &str) -> Result<String, String> {
    one_line(text)?;
    if text.is_empty() || text.starts_with(['=', '#']) || !is_balanced(text) {
        return Err(format!("{} would not be read as the value of this keyword", shown(text)));
    }
    Ok(text.to_owned())
}

/// Whether all quotes are closed: the server refuses the line otherwise, even where it keeps the quotes.
fn is_balanced(text: &str) -> bool {
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next_if(|&next| matches!(next, '\'' | '"' | '\\'));
            }
            '"' | '\'' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            _ => {}
        }
    }
    quote.is_none()
}

/// One word of a value: bare when nothing in it is special, otherwise in double quotes.
fn word(text: &str) -> Result<String, String> {
    no_controls(text)?;
    if is_name(text, "_.,*?!/:@%+-") {
        return Ok(text.to_owned());
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::*;

    fn one(key: &str, value: Node) -> Result<String, Vec<String>> {
        content(write(&Node::map([(key, value)])))
    }

    fn list(items: &[&str]) -> Node {
        Node::list(items.iter().map(|&item| Node::new(item)))
    }

    #[test]
    fn keywords_are_spelled_as_the_server_reads_them() {
        for (key, value, expected) in [
            ("Port", Node::new(22_i64), "Port 22\n"),
            ("PasswordAuthentication", Node::new(false), "PasswordAuthentication no\n"),
            ("AllowUsers", list(&["a", "b c", "#d"]), "AllowUsers a \"b c\" \"#d\"\n"),
            ("HostKey", Node::list([list(&["/a"]), list(&["/b"])]), "HostKey /a\nHostKey /b\n"),
            ("Banner", Node::new("\"\\"), "Banner \"\\\"\\\\\"\n"),
            ("ForceCommand", Node::new("sftp -l \"x\""), "ForceCommand sftp -l \"x\"\n"),
            ("Match User a,b", Node::map([("X11", Node::new(true))]), "\nMatch User a,b\n    X11 yes\n"),
        ] {
            assert_eq!(one(key, value).as_deref(), Ok(expected));
        }
        let node = Node::map([("Match all", Node::map([("A", Node::new("b"))])), ("Z", Node::new("c"))]);
        assert_eq!(content(write(&node)).as_deref(), Ok("Z c\n\nMatch all\n    A b\n"));
    }

    #[test]
    fn what_the_server_would_misread_is_refused() {
        for (key, value) in [
            ("Banner", Node::new("a\nPermitRootLogin yes")),
            ("Banner", Node::default()),
            ("Banner", list(&[])),
            ("a b", Node::new("x")),
            ("Match", Node::new("all")),
            ("Match all\nX", Node::map([("A", Node::new("b"))])),
            ("Match User \"a", Node::map([("A", Node::new("b"))])),
            ("Match all", Node::map::<String>([])),
            ("ForceCommand", Node::new("=x")),
            ("ForceCommand", Node::new("it's")),
            ("ForceCommand", list(&["a", "b"])),
        ] {
            assert!(one(key, value).is_err(), "{key}");
        }
        assert_eq!(write(&Node::map([("A", list(&["\0", "\n"]))])).map_err(|issues| issues.len()), Err(2));
    }

    /// `strdelim` for the keyword and `argv_split` with comments for the rest of the line.
    fn split(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        let mut rest = line.strip_prefix("K ").unwrap().chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '#' if word.is_none() => break,
                '\\' if rest.peek().is_some_and(|&c| "'\"\\".contains(c) || c == ' ' && quote.is_none()) => {
                    word.get_or_insert_default().extend(rest.next());
                }
                ' ' | '\t' if quote.is_none() => words.extend(word.take()),
                '"' | '\'' if quote.is_none() => {
                    word.get_or_insert_default();
                    quote = Some(c);
                }
                c if quote == Some(c) => quote = None,
                c => word.get_or_insert_default().push(c),
            }
        }
        assert_eq!(quote, None);
        words.extend(word);
        words
    }

    fn line(file: &str) -> &str {
        let line = file.strip_suffix('\n').unwrap();
        assert!(!line.contains(char::is_control));
        line
    }

    #[test]
    fn every_value_reads_back() {
        hostile::check(
            |s| one("K", list(&[s, "end"])),
            |file| {
                let words = split(line(file));
                assert_eq!((words.len(), words[1].as_str()), (2, "end"));
                words[0].clone()
            },
            &["", "\"'`", "\\", "# comment", "=b", " leading", "trailing\\", "$(id)", "🎬", "\"; rm -rf /"],
        );
        hostile::check(
            |s| one("ForceCommand", Node::new(s)),
            |file| {
                let rest = line(file).strip_prefix("ForceCommand ").unwrap();
                // panics where quotes are left open
                assert_ne!(split(&format!("K {rest}")).len(), 0);
                rest.trim().to_owned()
            },
            &["a # b", "$(id)", "\\\"", "''", "/bin/x \"a 'b\" c"],
        );
    }
}

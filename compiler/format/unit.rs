//! systemd unit files (systemd.syntax(7)).

use std::collections::BTreeMap;

use super::FormatIssue;
use super::command::{command, prefixed};
use super::scalar::{YES_NO, is_name, one_line, shown, text, unexpected};
use super::sheet::Sheet;
use super::word::{c_word, percent, valid};
use crate::node::{Node, Value};
use crate::text::Text;

/// Settings that hold names of units. Quotes are not removed from these, and a backslash belongs to the name.
const UNIT_NAMES: [&str; 16] = [
    "After",
    "Alias",
    "Also",
    "Before",
    "BindsTo",
    "Conflicts",
    "JoinsNamespaceOf",
    "OnFailure",
    "OnSuccess",
    "PartOf",
    "RequiredBy",
    "Requires",
    "Requisite",
    "Upholds",
    "WantedBy",
    "Wants",
];

/// Settings that hold several paths, so that a path with a space needs quotes.
const PATHS: [&str; 6] =
    ["ExecPaths", "InaccessiblePaths", "NoExecPaths", "ReadOnlyPaths", "ReadWritePaths", "RequiresMountsFor"];

/// Writes a map of sections, each a map of settings.
///
/// A list repeats the setting; null writes it empty, which resets what was said before. `Environment` is
/// a map of variables. The commands (`ExecStart` and so on) are lists of commands, each a list of words or
/// `{ prefix = "-", words = […] }`, with the prefixes of systemd.service(5). `%` and `$` mean themselves
/// everywhere. Other values are one line, whose words mean what the setting makes of them.
pub fn write(node: &Node) -> Result<Text, Vec<FormatIssue>> {
    let mut sheet = Sheet::default();
    let Some(sections) = node.as_map() else {
        sheet.issue(node, unexpected(&node.value, "a record of sections"));
        return sheet.finish();
    };
    let place = |name: &str| match name {
        "Unit" => 0,
        "Install" => 2,
        _ => 1,
    };
    let mut sections: Vec<_> = sections.iter().collect();
    sections.sort_by_key(|(name, _)| place(name));
    for (at, (name, section)) in sections.into_iter().enumerate() {
        if at > 0 {
            sheet.line("", section);
        }
        if !is_name(name, "-") {
            sheet.issue(section, format!("{} is not the name of a section", shown(name)));
        }
        sheet.line(&format!("[{name}]"), section);
        match section.as_map() {
            Some(settings) => settings.iter().for_each(|(key, value)| setting(&mut sheet, key, value)),
            None => sheet.issue(section, unexpected(&section.value, "a record of settings")),
        }
    }
    sheet.finish()
}

/// Writes the lines of one setting.
fn setting(sheet: &mut Sheet, key: &str, node: &Node) {
    if !is_name(key, "_-") {
        sheet.issue(node, format!("{} is not the name of a setting", shown(key)));
    }
    let is_command = key.starts_with("Exec") && !matches!(key, "ExecPaths" | "ExecSearchPath");
    match &node.value {
        Value::Null => sheet.line(&format!("{key}="), node),
        _ if key == "Environment" => match node.as_map() {
            Some(variables) => environment(sheet, variables),
            None => sheet.issue(node, unexpected(&node.value, "a record of variables")),
        },
        Value::List(items) => {
            for item in items {
                let value = match &item.value {
                    Value::Null => Ok(String::new()),
                    Value::List(words) if is_command => command("", words),
                    Value::Map(parts) if is_command => prefixed(parts),
                    other if is_command => Err(unexpected(other, "a command as a list of words")),
                    other => plain(key, other),
                };
                if let Some(value) = sheet.accept(item, value) {
                    sheet.line(&format!("{key}={value}"), item);
                }
            }
        }
        other if is_command => {
            sheet.issue(node, unexpected(other, "a list of commands, each a list of words"));
        }
        other => {
            if let Some(value) = sheet.accept(node, plain(key, other)) {
                sheet.line(&format!("{key}={value}"), node);
            }
        }
    }
}

/// Writes one line for each variable.
fn environment(sheet: &mut Sheet, variables: &BTreeMap<String, Node>) {
    for (name, node) in variables {
        if !is_name(name, "_") || name.starts_with(|c: char| c.is_ascii_digit()) {
            sheet.issue(node, format!("{} is not the name of a variable", shown(name)));
        }
        let word = text(&node.value, YES_NO).and_then(|value| c_word(&percent(&format!("{name}={value}"))));
        if let Some(word) = sheet.accept(node, word) {
            sheet.line(&format!("Environment={word}"), node);
        }
    }
}

/// A value of which systemd reads the rest of the line.
fn plain(key: &str, value: &Value) -> Result<String, String> {
    let value = text(value, YES_NO)?;
    one_line(&value)?;
    valid(&value)?;
    if value.is_empty() {
        return Err(format!("an empty `{key}` would reset the setting; say null when that is meant"));
    }
    if UNIT_NAMES.contains(&key) {
        if !is_name(&value, ":-_.\\@%") || value.ends_with('\\') {
            return Err(format!("{} is not the name of one unit", shown(&value)));
        }
    } else if value.contains('\\') || key != "Description" && value.contains(['"', '\'']) {
        // some settings remove quotes and escapes, others keep them, and a backslash can join lines
        return Err(format!("{} has quotes or a backslash, which `{key}` might not keep", shown(&value)));
    }
    let value = percent(&value);
    let is_several = PATHS.contains(&key) && value.contains(char::is_whitespace);
    Ok(if is_several { format!("\"{value}\"") } else { value })
}

#[cfg(test)]
mod tests {
    use super::super::hostile::{self, content};
    use super::super::word::reader::{Escapes, halve, words};
    use super::*;

    fn unit(section: &str, key: &str, value: Node) -> Result<String, Vec<String>> {
        content(write(&Node::map([(section, Node::map([(key, value)]))])))
    }

    fn list(items: &[&str]) -> Node {
        Node::list(items.iter().map(|&item| Node::new(item)))
    }

    fn check(key: &str, value: Node, expected: &str) {
        assert_eq!(unit("Service", key, value).as_deref(), Ok(format!("[Service]\n{expected}").as_str()));
    }

    #[test]
    fn sections_keep_their_usual_order() {
        let empty = || Node::map::<String>([]);
        let node =
            Node::map([("Install", empty()), ("Timer", empty()), ("Service", empty()), ("Unit", empty())]);
        assert_eq!(content(write(&node)).as_deref(), Ok("[Unit]\n\n[Service]\n\n[Timer]\n\n[Install]\n"));
    }

    #[test]
    fn settings_are_spelled_as_systemd_reads_them() {
        check("Description", Node::new("It's 100% \"ok\""), "Description=It's 100%% \"ok\"\n");
        check(
            "After",
            list(&["a.service", r"srv-x\x2dy.mount"]),
            "After=a.service\nAfter=srv-x\\x2dy.mount\n",
        );
        check("RemainAfterExit", Node::new(true), "RemainAfterExit=yes\n");
        check("ReadWritePaths", Node::new("/a b"), "ReadWritePaths=\"/a b\"\n");
        check("OnCalendar", Node::default(), "OnCalendar=\n");
        check("Environment", Node::map([("A", Node::new("$x 5%"))]), "Environment=\"A=$x 5%%\"\n");
    }

    #[test]
    fn commands_are_lists_of_words() {
        let stop = Node::map([("prefix", Node::new("-")), ("words", list(&["/bin/x", "a b"]))]);
        check("ExecStop", Node::list([Node::default(), stop]), "ExecStop=\nExecStop=-/bin/x \"a b\"\n");
        for bad in [Node::new("/bin/x y"), list(&["/bin/x"])] {
            assert!(unit("Service", "ExecStart", bad).is_err());
        }
    }

    #[test]
    fn all_issues_are_found() {
        let bad = Node::map([("a b", Node::new("x")), ("User", Node::new(" x")), ("Type", Node::new(""))]);
        assert_eq!(write(&Node::map([("Service", bad)])).map_err(|issues| issues.len()), Err(3));
    }

    /// Reads the only setting behind the only header, or panics where systemd would see more than one line.
    fn only<'a>(file: &'a str, key: &str) -> &'a str {
        let line = file.strip_prefix("[Unit]\n").unwrap().strip_suffix('\n').unwrap();
        assert!(!line.contains(['\n', '\r', '\0']) && !line.ends_with('\\') && line.trim_ascii_end() == line);
        line.strip_prefix(key).unwrap().strip_prefix('=').unwrap().trim_ascii_start()
    }

    #[test]
    fn every_value_reads_back() {
        hostile::check(
            |s| unit("Unit", "Description", Node::new(s)),
            |file| halve(only(file, "Description"), '%'),
            &["two words", "# comment", ";", "%n", "\"'`", "$(id)", "🎬", "key = value"],
        );
        hostile::check(
            |s| unit("Unit", "ExecStart", Node::list([list(&["/bin/x", s, "end"])])),
            |file| {
                let words = words(only(file, "ExecStart"), Escapes::C);
                assert_eq!((words.len(), words[2].as_str()), (3, "end"));
                halve(&halve(&words[1], '%'), '$')
            },
            &[
                "",
                "a\nb",
                "$",
                "${X}",
                "%n",
                "\\",
                "'",
                "\"; rm -rf /",
                "\u{1b}[31mred\u{1b}[0m",
                "\\;",
                "%%",
            ],
        );
        hostile::check(
            |s| unit("Unit", "Environment", Node::map([("K", Node::new(s))])),
            |file| halve(words(only(file, "Environment"), Escapes::C)[0].strip_prefix("K=").unwrap(), '%'),
            &["", "a\r\nb", "$x", "%n", "\\", " leading", "a=b", "#"],
        );
    }
}

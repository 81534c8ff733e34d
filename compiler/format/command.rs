//! Command lines of systemd services (systemd.service(5), "Command lines").

use std::collections::BTreeMap;

use super::scalar::{YES_NO, is_name, shown, text};
use super::word::{c_word, percent};
use crate::node::{Node, Value};

/// A command given as `{ prefix, words }`.
pub fn prefixed(parts: &BTreeMap<String, Node>) -> Result<String, String> {
    let (Some(prefix), Some(Value::List(words)), 2) =
        (parts.get("prefix").and_then(Node::as_str), parts.get("words").map(|node| &node.value), parts.len())
    else {
        return Err("a command is a list of words, or `prefix` and `words`".to_owned());
    };
    if prefix.chars().all(|c| "@-:+!".contains(c)) {
        command(prefix, words)
    } else {
        Err(format!("{} is not a prefix of commands", shown(prefix)))
    }
}

/// One command line. Variables are expanded in all words but the first, unless the prefix has a colon.
pub fn command(prefix: &str, words: &[Node]) -> Result<String, String> {
    let mut line = prefix.to_owned();
    for (at, word) in words.iter().enumerate() {
        let word = text(&word.value, YES_NO)?;
        let is_program =
            word.starts_with('/') && !word.ends_with('/') && !word.contains('$') || is_name(&word, "._-");
        if at == 0 && (!is_program || word.starts_with('-')) {
            return Err(format!("{} is neither an absolute path nor the name of a program", shown(&word)));
        }
        let word = if prefix.contains(':') { word } else { word.replace('$', "$$") };
        line.push_str(if at == 0 { "" } else { " " });
        line.push_str(&c_word(&percent(&word))?);
    }
    if words.is_empty() { Err("a command needs at least one word".to_owned()) } else { Ok(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Node {
        Node::list(items.iter().map(|&item| Node::new(item)))
    }

    fn check(command: &Node, expected: Option<&str>) {
        let line = match &command.value {
            Value::List(words) => super::command("", words),
            Value::Map(parts) => prefixed(parts),
            _ => panic!("not a command"),
        };
        assert_eq!(line.ok().as_deref(), expected);
    }

    #[test]
    fn words_mean_themselves() {
        check(&list(&["/bin/echo", "a b", "$HOME", "%n"]), Some("/bin/echo \"a b\" \"$$HOME\" \"%%n\""));
        check(&list(&["nft", ";", "", "-f"]), Some("nft \";\" \"\" -f"));
        let prefixed =
            |prefix, words: &[&str]| Node::map([("prefix", Node::new(prefix)), ("words", list(words))]);
        check(&prefixed("-", &["nft", "$x"]), Some("-nft \"$$x\""));
        check(&prefixed("-:", &["nft", "$x"]), Some("-:nft \"$x\""));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        for words in [&["-/bin/x"][..], &["@x"], &["a/b"], &["/bin/"], &["/bin/$x"], &[""], &[], &["-x"]] {
            check(&list(words), None);
        }
        check(&Node::map([("prefix", Node::new("#")), ("words", list(&["/x"]))]), None);
        check(&Node::map([("words", list(&["/x"]))]), None);
    }
}

//! Strings in nftables rulesets (nft(8); src/scanner.l).

use super::FormatIssue;
use super::scalar::{is_name, no_controls, shown};

/// The longest comment, in bytes (`NFTNL_UDATA_COMMENT_MAXLEN`).
const LONGEST_STRING: usize = 128;

/// The longest name of an interface, in bytes (`IFNAMSIZ` with its NUL).
const LONGEST_IFNAME: usize = 15;

/// `text` in quotes. There are no escapes, and nft expands `$name` in log prefixes.
pub fn string(text: &str) -> Result<String, FormatIssue> {
    no_controls(text).map_err(FormatIssue::new)?;
    if text.len() > LONGEST_STRING {
        Err(FormatIssue::new(format!("{} is longer than {LONGEST_STRING} bytes", shown(text))))
    } else if let Some(c) = text.chars().find(|c| matches!(c, '"' | '$' | '\\')) {
        Err(FormatIssue::new(format!("{} has a `{c}`, which nftables cannot quote", shown(text))))
    } else {
        Ok(format!("\"{text}\""))
    }
}

/// The name of an interface, in quotes, as many names are words of the language. `*` would be a pattern.
pub fn ifname(text: &str) -> Result<String, FormatIssue> {
    if text.len() <= LONGEST_IFNAME && is_name(text, "_.@-") && !matches!(text, "." | "..") {
        Ok(format!("\"{text}\""))
    } else {
        Err(FormatIssue::new(format!("{} is not the name of a network interface", shown(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::hostile;
    use super::*;

    #[test]
    fn strings_are_quoted() {
        assert_eq!(string("drop: all; # {x}").as_deref(), Ok("\"drop: all; # {x}\""));
        assert_eq!(ifname("eth0.10").as_deref(), Ok("\"eth0.10\""));
        for bad in ["\"", "a\nb", "$x", "a\\", &"x".repeat(129)] {
            assert!(string(bad).is_err(), "{bad}");
        }
        for bad in ["", ".", "..", "a/b", "eth*", "a b", "0123456789abcdef", "é", "a:1"] {
            assert!(ifname(bad).is_err(), "{bad}");
        }
    }

    /// The pattern `\"[^"]*\"` of the scanner.
    fn read(token: &str) -> String {
        let inner = token.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        assert!(!inner.contains(['"', '\n', '$']));
        inner.to_owned()
    }

    #[test]
    fn every_string_reads_back() {
        hostile::check(string, read, &["", "'", "; rm", "{ x }", "# a", "%s", "[section]", "🎬"]);
        hostile::check(ifname, read, &["plain", "-a", "0777"]);
    }
}

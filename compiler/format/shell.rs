//! Words of POSIX shell scripts.

use super::FormatIssue;
use super::scalar::shown;

/// `text` as one word, in single quotes: nothing has a meaning there but the closing quote (POSIX.1-2024,
/// Shell Command Language §2.2.2).
pub fn quote(text: &str) -> Result<String, FormatIssue> {
    if text.contains('\0') {
        return Err(FormatIssue::new(format!(
            "{} has a NUL, which no word of a script can hold",
            shown(text)
        )));
    }
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::super::hostile;
    use super::*;

    #[test]
    fn words_are_quoted() {
        for (text, expected) in
            [("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$(id)\n", "'$(id)\n'")]
        {
            assert_eq!(quote(text).as_deref(), Ok(expected));
        }
        assert!(quote("\0").is_err());
    }

    #[test]
    fn every_word_reads_back() {
        let read = |word: &str| {
            let (mut out, mut rest) = (String::new(), word);
            while !rest.is_empty() {
                if let Some(escaped) = rest.strip_prefix("\\'") {
                    out.push('\'');
                    rest = escaped;
                } else {
                    let (inner, after) = rest.strip_prefix('\'').unwrap().split_once('\'').unwrap();
                    out.push_str(inner);
                    rest = after;
                }
            }
            out
        };
        hostile::check(
            quote,
            read,
            &["", "'", "a\nb", "\\", "$(id)", "`id`", "'; rm -rf /; '", "-a", "~root"],
        );
    }

    #[test]
    fn the_shell_agrees() {
        let words = ["", "a\nb", "it's", "$(id) `id` \\", "'; false; '", "*", "~", "é\u{202e}", "\u{1b}[31m"];
        for word in words {
            let script = format!("printf %s {}", quote(word).unwrap());
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).as_deref(), Ok(word));
        }
    }
}

//! Tokens of a Caddyfile (caddyconfig/caddyfile/lexer.go, `replaceEnvVars` in parse.go).

use super::FormatIssue;
use super::scalar::{is_name, no_controls, shown};

/// `text` as one token: bare when nothing in it is special, else in double quotes, else in backticks.
///
/// Braces are refused. `{$NAME}` is replaced before the file is split into tokens, so no quoting protects
/// it; `{name}` is replaced in some directives, and its escape `\{` kept in the others; and a token that
/// is nothing but a brace opened a block even in quotes before 2.8.
pub fn token(text: &str) -> Result<String, FormatIssue> {
    no_controls(text).map_err(FormatIssue::new)?;
    if text.contains(['{', '}']) {
        return Err(FormatIssue::new(format!(
            "{} has a brace, which is a placeholder or a block in a Caddyfile",
            shown(text)
        )));
    }
    if is_name(text, "_./:*@,+-") {
        Ok(text.to_owned())
    } else if !text.contains('\\') || is_literal_in_quotes(text) {
        Ok(format!("\"{}\"", text.replace('"', "\\\"")))
    } else if !text.contains('`') {
        Ok(format!("`{text}`"))
    } else {
        Err(FormatIssue::new(format!(
            "{} has a backtick and a backslash before a quote, which a Caddyfile cannot spell",
            shown(text)
        )))
    }
}

/// Whether all backslashes stay what they are in double quotes: only `\"` is an escape there, so none may
/// stand before a quote or the end.
fn is_literal_in_quotes(text: &str) -> bool {
    !text.contains("\\\"") && !text.ends_with('\\')
}

#[cfg(test)]
mod tests {
    use super::super::hostile;
    use super::*;

    #[test]
    fn tokens_are_quoted_where_needed() {
        for (text, expected) in [
            ("example.org", "example.org"),
            ("*.example.org:443", "*.example.org:443"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("#x", "\"#x\""),
            ("<<EOF", "\"<<EOF\""),
            ("say \"hi\"", "\"say \\\"hi\\\"\""),
            ("a\\b", "\"a\\b\""),
            ("a\\", "`a\\`"),
            ("`", "\"`\""),
        ] {
            assert_eq!(token(text).as_deref(), Ok(expected));
        }
        for text in ["a\nb", "\0", "{$HOME}", "{", "}", "{host}", "\\{x\\}", "`\\"] {
            assert!(token(text).is_err(), "{text:?}");
        }
    }

    /// `lexer.next`, for a token in the middle of a line.
    fn read(written: &str) -> String {
        assert!(!written.contains(['{', '}', '\n']));
        let line = format!("{written} end");
        let (mut value, mut quote, mut is_escaped, mut rest) = (String::new(), None, false, line.chars());
        for c in rest.by_ref() {
            if !is_escaped && quote != Some('`') && c == '\\' {
                is_escaped = true;
                continue;
            }
            if let Some(quote) = quote {
                if quote == '"' && is_escaped {
                    if c != '"' {
                        value.push('\\');
                    }
                    is_escaped = false;
                } else if c == quote {
                    break;
                }
                value.push(c);
                continue;
            }
            if c.is_whitespace() {
                break;
            }
            assert!(!(value.is_empty() && c == '#'), "a comment");
            assert!(!value.starts_with("<<"), "a heredoc");
            if value.is_empty() && matches!(c, '"' | '`') {
                quote = Some(c);
                continue;
            }
            assert!(!is_escaped, "an escape outside of quotes");
            value.push(c);
        }
        assert_eq!(rest.as_str().trim_start(), "end");
        value
    }

    #[test]
    fn every_token_reads_back() {
        let carried =
            ["", "\"'`", "# comment", "<<EOF", "\\", "\\\"", "trailing\\", "a\\b", "$(id)", " leading", "🎬"];
        hostile::check(token, read, &carried);
    }
}

//! Strings that break out of carelessly written files, and the check that they do not.

use super::FormatIssue;
use crate::text::Text;

/// What has a meaning in at least one format, or is lost by at least one reader.
const STRINGS: &[&str] = &[
    "",
    "plain",
    "two words",
    "a\nb",
    "a\r\nb",
    "\n",
    "\r",
    "a\n\nb",
    "a\n ",
    "\"",
    "'",
    "`",
    "\"'`",
    "''",
    "\\'",
    "$",
    "$$",
    "$x",
    "$(id)",
    "`id`",
    "${X}",
    "${X:-y}",
    "{$X}",
    "{",
    "}",
    "{{ x }}",
    "{http.request.host}",
    "\\{x\\}",
    "a {",
    "%",
    "%%",
    "%s",
    "%n",
    "%(x)s",
    "%20",
    "#",
    "# comment",
    "a # b",
    "a#b",
    ";",
    "a ; b",
    "=",
    "a=b",
    "=b",
    ":",
    "a: b",
    "a:",
    ",",
    "a, b",
    "\\",
    "\\\\",
    "trailing\\",
    "a\\b",
    "\\n",
    "\\x41",
    "\\\"",
    "\\$",
    " leading",
    "trailing ",
    " ",
    "\t",
    "a\tb",
    "\ttab",
    "\0",
    "a\0b",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{7f}",
    "\u{85}",
    "\u{9b}",
    "\u{a0}",
    "a\u{a0}",
    "\u{202e}rtl",
    "é",
    "日本語",
    "🎬",
    "👩\u{200d}👧",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{feff}a",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10ffff}",
    "yes",
    "No",
    "on",
    "y",
    "true",
    "True",
    "null",
    "~",
    "-",
    "--",
    "- a",
    "-a",
    "? a",
    "! a",
    "!a",
    "&a",
    "*",
    "*a",
    "|",
    ">",
    "@a",
    "@",
    "[a]",
    "[",
    "]",
    "<<",
    "<<EOF",
    "---",
    "...",
    "0777",
    "0x1f",
    "1e5",
    "1_000",
    ".5",
    ".inf",
    ".nan",
    "22:22",
    "2001-01-01",
    "]]>",
    "<!--",
    "</Config>",
    "&amp;",
    "&",
    "<",
    "/>",
    "@ByteArray(x)",
    "@Invalid()",
    "@@x",
    "\"; rm -rf /",
    "'; rm -rf /; '",
    "[section]",
    "key = value",
    "//",
    "/*",
    "*/",
    "Match all",
    "EOF",
    "!",
    "a!",
    "\x01f",
    "\x07",
    "\x08",
    "\x0b",
    "\x0c",
    "a\x0bb",
    "e\"x\"",
    "\\;",
    "(",
    ")",
    "()",
    "?",
    "~root",
    "^",
    "a|b",
];

/// All hostile strings: each one, each pair glued together, and some long ones.
fn strings() -> Vec<String> {
    let mut all: Vec<String> = STRINGS.iter().map(|&s| s.to_owned()).collect();
    for a in STRINGS {
        all.extend(STRINGS.iter().map(|b| format!("{a}{b}")));
    }
    all.extend(["x".repeat(10_000), "\\".repeat(999), "\"".repeat(999), "a ".repeat(3_000) + "b"]);
    all
}

/// Writes each hostile string and reads it back: either `write` refuses it, or `read` gives the same
/// string. `carried` lists strings that must not be refused, lest a writer passes by refusing everything.
pub fn check<E>(write: impl Fn(&str) -> Result<String, E>, read: impl Fn(&str) -> String, carried: &[&str]) {
    for hostile in strings() {
        if let Ok(text) = write(&hostile) {
            assert_eq!(read(&text), hostile, "written as:\n{text}");
        }
    }
    for &text in carried {
        let written = write(text).unwrap_or_else(|_| panic!("{text:?} is refused"));
        assert_eq!(read(&written), text);
    }
}

/// Like `check`, for writers that carry every string.
pub fn check_total<E>(write: impl Fn(&str) -> Result<String, E>, read: impl Fn(&str) -> String) {
    check(write, read, &strings().iter().map(String::as_str).collect::<Vec<_>>());
}

/// The text of a writer's result, for tests.
pub fn content(result: Result<Text, Vec<FormatIssue>>) -> Result<String, Vec<String>> {
    result
        .map(|text| text.as_str().to_owned())
        .map_err(|issues| issues.into_iter().map(|issue| issue.message).collect())
}

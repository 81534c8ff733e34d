//! Sentences with values in them: the values are never taken for markup, escape sequences or mentions.

use std::fmt::Write as _;

/// Longer values are cut in sentences; the text of the files has them in full.
const LONGEST: usize = 200;

/// A sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Words(&'static str),
    Value(String),
}

impl Phrase {
    /// A sentence with a value for each `{}`.
    pub fn new(template: &'static str, values: &[&str]) -> Self {
        let mut parts = Vec::new();
        let mut values = values.iter();
        for (index, words) in template.split("{}").enumerate() {
            if let Some(value) = (index > 0).then(|| values.next()).flatten() {
                parts.push(Part::Value((*value).to_owned()));
            }
            if !words.is_empty() {
                parts.push(Part::Words(words));
            }
        }
        Self(parts)
    }

    /// This sentence, continued by another one.
    #[must_use]
    pub fn then(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// The sentence as plain text, with its values in backticks.
    pub fn plain(&self) -> String {
        self.write(|value| format!("`{}`", shortened(&visible(value))))
    }

    /// The sentence as Markdown, with its values as code.
    pub fn markdown(&self) -> String {
        self.write(code)
    }

    fn write(&self, value: impl Fn(&str) -> String) -> String {
        self.0.iter().fold(String::new(), |mut text, part| {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Value(raw) => text.push_str(&value(raw)),
            }
            text
        })
    }
}

/// Text in which nothing is hidden and nothing acts: control characters, and those that turn the
/// direction of writing or have no width, are shown by their number. Tabs stay.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\t' && (c.is_control() || is_hidden(c)) {
            let _ = write!(out, "⟨U+{:04X}⟩", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The same for bytes, which need not be text.
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "⟨0x{byte:02X}⟩");
        }
    }
    out
}

/// A value as code in Markdown: nothing in it can end the code.
pub fn code(value: &str) -> String {
    let text = shortened(&visible(value)).replace('\t', " ");
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A value within HTML that may stand in Markdown: no sign in it means anything in either.
pub fn html(value: &str) -> String {
    let mut out = String::new();
    for c in shortened(&visible(value)).chars() {
        if c.is_ascii_punctuation() && !matches!(c, '/' | '.' | '-' | '_' | ',') {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The length of the longest run of backticks.
pub fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_values() {
        let phrase = Phrase::new("image of {} is now {}", &["a`b", "x\u{202e}y"]);
        assert_eq!(phrase.plain(), "image of `a`b` is now `x⟨U+202E⟩y`");
        assert_eq!(phrase.markdown(), "image of ``a`b`` is now `x⟨U+202E⟩y`");
        assert_eq!(Phrase::new("{} goes", &["a"]).plain(), "`a` goes");
        assert_eq!(Phrase::new("plain", &[]).plain(), "plain");
    }

    #[test]
    fn code_cannot_be_left() {
        for (value, written) in [
            ("a", "`a`"),
            ("`", "`` ` ``"),
            ("``a``", "``` ``a`` ```"),
            ("a\n</details>", "`a⟨U+000A⟩</details>`"),
            ("", "(empty)"),
            ("\u{1b}[31m", "`⟨U+001B⟩[31m`"),
        ] {
            assert_eq!(code(value), written);
        }
        assert_eq!(html("<b>@a & \"#1\""), "&#60;b&#62;&#64;a &#38; &#34;&#35;1&#34;");
        assert!(code(&"x".repeat(1000)).chars().count() < 210);
        assert_eq!(visible_bytes(b"a\xff\tb\r"), "a⟨0xFF⟩\tb⟨U+000D⟩");
    }
}

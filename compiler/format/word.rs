//! Words as systemd splits them, in unit files, tmpfiles.d and sysusers.d (`extract_first_word` in
//! src/basic/extract-word.c).

use std::fmt::Write;

use super::scalar::{is_invisible, is_name, shown};

/// One word in which C escapes are read: bare when nothing in it is special, otherwise in double quotes.
pub fn c_word(text: &str) -> Result<String, String> {
    valid(text)?;
    if is_name(text, "_/.,:+@=-") {
        return Ok(text.to_owned());
    }
    Ok(format!("\"{}\"", c_escape(text).replace('"', "\\\"")))
}

/// C escapes for backslashes and all that cannot be seen.
pub fn c_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let code = u32::from(c);
        // writing to a string cannot fail
        let _ = match c {
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            c if !is_invisible(c) => out.write_char(c),
            _ if code < 0x80 => write!(out, "\\x{code:02x}"),
            _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
    }
    out
}

/// Specifiers (`%n`) are expanded in nearly every value; two percent signs are one.
pub fn percent(text: &str) -> String {
    text.replace('%', "%%")
}

/// Refuses what systemd takes for invalid text: NUL and noncharacters (`unichar_is_valid`).
pub fn valid(text: &str) -> Result<(), String> {
    let invalid =
        |c: char| c == '\0' || u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c);
    match text.chars().find(|&c| invalid(c)) {
        Some(c) => {
            Err(format!("{} has the character U+{:04X}, which systemd refuses", shown(text), u32::from(c)))
        }
        None => Ok(()),
    }
}

/// How escapes inside words are read, for the tests of all writers of such words.
#[cfg(test)]
pub mod reader {
    /// Whether `\n` is a line feed (unit files, tmpfiles.d) or the letter n (sysusers.d).
    #[derive(Clone, Copy, PartialEq)]
    pub enum Escapes {
        C,
        Literal,
    }

    pub fn words(line: &str, escapes: Escapes) -> Vec<String> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        let mut rest = line.chars();
        while let Some(c) = rest.next() {
            match c {
                '\\' => word.get_or_insert_default().push(escape(&mut rest, escapes)),
                c if quote == Some(c) => quote = None,
                '"' | '\'' if quote.is_none() => {
                    word.get_or_insert_default();
                    quote = Some(c);
                }
                ' ' | '\t' | '\n' | '\r' if quote.is_none() => words.extend(word.take()),
                c => word.get_or_insert_default().push(c),
            }
        }
        assert_eq!(quote, None, "unbalanced quotes: {line}");
        words.extend(word);
        words
    }

    fn escape(rest: &mut std::str::Chars, escapes: Escapes) -> char {
        let c = rest.next().expect("a character after the backslash");
        if escapes == Escapes::Literal {
            return c;
        }
        let mut hex = |digits| {
            let code: String = rest.by_ref().take(digits).collect();
            char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap()
        };
        match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            's' => ' ',
            '\\' | '"' | '\'' => c,
            'x' => hex(2),
            'u' => hex(4),
            'U' => hex(8),
            _ => panic!("unknown escape {c}"),
        }
    }

    /// Undoes the doubling of `sign`; any other use of it would be an expansion.
    pub fn halve(text: &str, sign: char) -> String {
        let mut rest = text.chars();
        let mut halved = String::new();
        while let Some(c) = rest.next() {
            assert!(c != sign || rest.next() == Some(sign), "{sign} would be expanded in {text}");
            halved.push(c);
        }
        halved
    }
}

#[cfg(test)]
mod tests {
    use super::super::hostile;
    use super::reader::{Escapes, words};
    use super::*;

    #[test]
    fn words_are_bare_when_they_can_be() {
        for (text, expected) in [
            ("/usr/bin/env", "/usr/bin/env"),
            ("--file=a.yml", "--file=a.yml"),
            ("", "\"\""),
            (";", "\";\""),
            ("a b", "\"a b\""),
            ("\"\\\n", "\"\\\"\\\\\\n\""),
            ("\u{1b}\u{85}", "\"\\x1b\\u0085\""),
        ] {
            assert_eq!(c_word(text).as_deref(), Ok(expected));
        }
        assert!(c_word("\0").is_err());
        assert!(c_word("\u{ffff}").is_err());
    }

    #[test]
    fn every_word_reads_back() {
        let read = |text: &str| {
            let words = words(text, Escapes::C);
            assert_eq!(words.len(), 1);
            words[0].clone()
        };
        hostile::check(
            c_word,
            read,
            &["", "'", "a\nb", "\\", "\\\"", "\u{2028}", " leading", "🎬", "# comment"],
        );
    }
}

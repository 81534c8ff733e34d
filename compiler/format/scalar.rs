//! What the writers share about single values: their spelling, and the characters that need care.

use std::fmt::Write;

use crate::node::Value;

/// How a format spells true and false.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    yes: &'static str,
    no: &'static str,
}

/// JSON, YAML and most programs.
pub const TRUE_FALSE: Words = Words { yes: "true", no: "false" };
/// systemd, apt and OpenSSH.
pub const YES_NO: Words = Words { yes: "yes", no: "no" };
/// What `Boolean.ToString()` gives in .NET.
pub const CAPITALISED: Words = Words { yes: "True", no: "False" };

/// The text of a single value, not yet quoted or escaped; a message when it is not a single value.
pub fn text(value: &Value, words: Words) -> Result<String, String> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Bool(b) => Ok(if *b { words.yes } else { words.no }.to_owned()),
        Value::Int(n) => Ok(n.to_string()),
        Value::Float(x) => float(*x),
        Value::Null | Value::List(_) | Value::Map(_) => Err(unexpected(value, "a single value")),
    }
}

/// The shortest decimal that reads back as `x`. It always has a point, and its exponent a sign: YAML 1.1
/// takes `1e300` for a string.
pub fn float(x: f64) -> Result<String, String> {
    if !x.is_finite() {
        return Err(format!("`{x}` is not a finite number"));
    }
    let text = format!("{x:?}");
    Ok(match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => {
            let point = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{mantissa}{point}e{sign}{exponent}")
        }
    })
}

/// Says that `value` was found where something else is needed.
pub fn unexpected(value: &Value, wanted: &str) -> String {
    let found = match value {
        Value::Null => "no value",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Str(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "a record",
    };
    format!("expected {wanted}, found {found}")
}

/// Whether a reader of the file would not see this character, or see the text around it changed:
/// control characters, line separators, byte order marks, direction overrides, noncharacters. They are
/// escaped wherever the format has an escape.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Refuses control characters, for formats in which nothing can stand for them.
pub fn no_controls(text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_control()) {
        Some('\n' | '\r') => Err(format!("{} has a line break, which cannot be written here", shown(text))),
        Some(c) => Err(format!(
            "{} has the control character U+{:04X}, which cannot be written here",
            shown(text),
            u32::from(c)
        )),
        None => Ok(()),
    }
}

/// Refuses what a line-based reader would strip or refuse: control characters, and spaces at the edges.
pub fn one_line(text: &str) -> Result<(), String> {
    no_controls(text)?;
    if text.trim() == text {
        Ok(())
    } else {
        Err(format!("{} begins or ends with a space, which would be lost", shown(text)))
    }
}

/// A name made of ASCII letters, digits and the characters in `also`.
pub fn is_name(text: &str, also: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

/// `text` in backticks, escaped and cut so that it fits in a message.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for (at, c) in text.chars().enumerate() {
        if at == LONGEST {
            shown.push('…');
            break;
        }
        if is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.push('`');
    shown
}

/// Adds `\uNNNN` for each UTF-16 unit of `c`, as JSON spells characters.
pub fn push_utf16_escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // writing to a string cannot fail
        let _ = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_for_all_readers() {
        for (x, expected) in
            [(0.5, "0.5"), (1.0, "1.0"), (1e300, "1.0e+300"), (1.5e-9, "1.5e-9"), (-0.0, "-0.0")]
        {
            assert_eq!(float(x).as_deref(), Ok(expected));
        }
        assert!(float(f64::NAN).is_err());
        assert!(float(f64::INFINITY).is_err());
    }

    #[test]
    fn messages_show_values_safely() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b"), "`a\\u{1b}[2J\\u{202e}b`");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 63);
        assert_eq!(one_line(" a"), Err("` a` begins or ends with a space, which would be lost".into()));
        assert_eq!(no_controls("a\nb"), Err("`a\\nb` has a line break, which cannot be written here".into()));
    }
}

//! Text that would break out of its line.

use super::strings;
use super::tools::{at, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Format, Host};
use crate::path::OptionPath;

/// Line feeds and other control characters in what stands in one line.
pub fn control_character(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        let mut texts = strings::lines(id, service);
        for (path, file) in strings::files(id, service) {
            // These formats know no way to write such a character.
            if matches!(
                file.format,
                Format::Unit | Format::Keyword | Format::Lines | Format::Udev | Format::Deb822
            ) {
                strings::leaves(&path.field("content"), &file.content, &mut |path, _, text| {
                    texts.push((path.clone(), text));
                });
            }
        }
        for (path, text) in texts {
            judge(&path, text, |c| c.is_control() && c != '\t', report);
        }
        // A shell script in a command or a check may have several lines.
        for (path, text) in strings::open(id, service) {
            if path.is_within(&at(id, &["command"])) || path.is_within(&at(id, &["health"])) {
                judge(&path, text, |c| c.is_control() && c != '\t' && c != '\n', report);
            }
        }
    }
}

fn judge(path: &OptionPath, text: &str, refused: impl Fn(char) -> bool, report: &mut Report) {
    let Some(c) = text.chars().find(|c| refused(*c)) else { return };
    let what = match c {
        '\n' => "a line feed".to_owned(),
        '\r' => "a carriage return".to_owned(),
        '\0' => "a NUL".to_owned(),
        _ => format!("the control character U+{:04X}", u32::from(c)),
    };
    report.push(
        Diagnostic::error(
            "control-character",
            path,
            format!("`{path}` contains {what}"),
            "write it in one line, without control characters",
        )
        .because("in the files that are made of it, it would begin something else"),
    );
}

/// Names of environment variables that no shell could set.
pub fn env_name(host: &Host, report: &mut Report) {
    for (id, service) in services(host) {
        for name in service.env.keys() {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) {
                let right = name.replace(|c| !plain(c), "_");
                report.push(Diagnostic::error(
                    "env-name",
                    &at(id, &["env", name]),
                    format!("`{}` is not the name of an environment variable", name.escape_debug()),
                    format!(
                        "use letters, digits and `_`: `{}`",
                        at(id, &["env", right.trim_start_matches(|c: char| c.is_ascii_digit())])
                    ),
                ));
            }
        }
    }
}

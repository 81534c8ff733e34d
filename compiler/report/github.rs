//! Findings as workflow commands (`::error file=…`), which become annotations of a change.

use super::Located;

pub(super) fn write(findings: &[Located]) -> String {
    findings.iter().map(line).collect()
}

fn line(finding: &Located) -> String {
    let Located { code, severity, message, places, notes, help } = finding;
    let command = if *severity == "note" { "notice" } else { severity };
    let place = places.first().map_or_else(String::new, |place| {
        format!("file={},line={},col={},", property(&place.file), place.line, place.column)
    });
    let mut text = message.clone();
    for note in notes {
        text.push('\n');
        text.push_str(note);
    }
    text.push_str("\nhelp: ");
    text.push_str(help);
    format!("::{command} {place}title={}::{}\n", property(code), data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_within_their_command() {
        let finding = Located {
            code: "a-code",
            severity: "note",
            message: "100%\n::error::no".to_owned(),
            places: Vec::new(),
            notes: Vec::new(),
            help: "b".to_owned(),
        };
        assert_eq!(line(&finding), "::notice title=a-code::100%25%0A::error::no%0Ahelp: b\n");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}

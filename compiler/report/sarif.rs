//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Located, Position};

pub(super) fn write(findings: &[Located]) -> String {
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mediac",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| json!({ "id": code })).collect::<Vec<_>>(),
            } },
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn result(finding: &Located) -> Value {
    let Located { code, severity, message, places, notes, help } = finding;
    let mut text = message.clone();
    for line in notes.iter().map(String::as_str).chain([help.as_str()]) {
        text.push('\n');
        text.push_str(line);
    }
    json!({
        "ruleId": code,
        "level": severity,
        "message": { "text": text },
        "locations": places.first().map(location).into_iter().collect::<Vec<_>>(),
        "relatedLocations": places.iter().skip(1).map(location).collect::<Vec<_>>(),
    })
}

fn location(place: &Position) -> Value {
    let Position { file, line, column, end_line, end_column, message } = place;
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": file },
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end_line,
                "endColumn": end_column,
            },
        },
        "message": { "text": message },
    })
}

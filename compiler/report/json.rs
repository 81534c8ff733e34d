//! Findings as one JSON document.

use serde::Serialize;

use super::Located;

#[derive(Serialize)]
struct Document<'a> {
    findings: &'a [Located],
}

pub(super) fn write(findings: &[Located]) -> String {
    let mut text = serde_json::to_string_pretty(&Document { findings }).unwrap_or_default();
    text.push('\n');
    text
}

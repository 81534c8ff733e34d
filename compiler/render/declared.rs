//! The files that services declare as data.

use super::{Rendered, located};
use crate::format::{FormatIssue, deb822, env, ini, json, keyword, lines, qsettings, udev, unit, xml, yaml};
use crate::ir::Format;
use crate::node::Node;
use crate::plan::{File, Plan};
use crate::text::Text;
use crate::tree::{self, Artifact};

pub(super) fn render(plan: &Plan) -> Rendered {
    let mut artifacts = Vec::new();
    let mut problems = Vec::new();
    for file in &plan.files {
        let File { path, format, content, class, mode, owner, group, origin } = file;
        match write(*format, content) {
            Ok(text) => artifacts.push(Artifact {
                path: path.clone(),
                class: tree::kept(*class, &text),
                text,
                mode: *mode,
                owner: owner.clone(),
                group: group.clone(),
                origin: origin.clone(),
            }),
            Err(issues) => problems.extend(located(issues, origin)),
        }
    }
    if problems.is_empty() { Ok(artifacts) } else { Err(problems) }
}

fn write(format: Format, content: &Node) -> Result<Text, Vec<FormatIssue>> {
    match format {
        Format::Yaml => yaml::write(content),
        Format::YamlQuoted => yaml::write_quoted(content, yaml::Quoting::AllStrings),
        Format::Json => json::write(content),
        Format::Xml => xml::write(content, xml::Header::None),
        Format::XmlAttributes => xml::write(content, xml::Header::Declaration),
        Format::Ini => ini::write(content),
        Format::Qsettings => qsettings::write(content),
        Format::Unit => unit::write(content),
        Format::Keyword => keyword::write(content),
        Format::Deb822 => deb822::write(content),
        Format::Lines => lines::write(content),
        Format::Udev => udev::write(content),
        Format::Env => env::write(content),
    }
}

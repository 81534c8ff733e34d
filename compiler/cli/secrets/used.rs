//! Which secrets a host has, and what needs them.

use std::collections::BTreeSet;

use crate::apply::{Unfilled, Values, formed};
use crate::compile::Compiled;
use crate::ir::SecretSource;
use crate::secret::Reference;
use crate::tree::Artifact;

/// A secret of a host.
pub struct Used {
    /// SERVICE/NAME.
    pub name: String,
    /// Where its value comes from.
    pub source: SecretSource,
    /// What it is.
    pub about: String,
    /// The services whose files it stands in.
    pub services: BTreeSet<String>,
    /// The files of the machine it stands in.
    pub files: Vec<String>,
}

/// All secrets of a host, by name.
pub fn used(compiled: &Compiled) -> Vec<Used> {
    let secrets = compiled.plan.secrets.iter();
    secrets
        .map(|((service, name), secret)| {
            let name = format!("{service}/{name}");
            let with = with(compiled, &name);
            let files = with.iter().map(|artifact| artifact.path.clone()).collect();
            let services = with.iter().filter_map(|artifact| service_of(artifact)).collect();
            Used { name, source: secret.source, about: secret.about.clone(), services, files }
        })
        .collect()
}

/// The files whose format a value would break.
pub fn unfit(compiled: &Compiled, name: &str, value: &str) -> Vec<String> {
    let breaks = |artifact: &&Artifact| {
        let mut values = Values::default();
        for reference in artifact.secrets() {
            let value = if name_of(&reference) == name { formed(&[], &reference, value) } else { None };
            values.insert(reference, value.unwrap_or_default());
        }
        matches!(values.fill(artifact.text.as_str()), Err(Unfilled::Unfit(_)))
    };
    with(compiled, name).into_iter().filter(breaks).map(|artifact| artifact.path.clone()).collect()
}

fn with<'a>(compiled: &'a Compiled, name: &str) -> Vec<&'a Artifact> {
    let files = compiled.tree.files.values();
    files.filter(|artifact| artifact.secrets().iter().any(|reference| name_of(reference) == name)).collect()
}

fn name_of(reference: &Reference) -> String {
    format!("{}/{}", reference.service, reference.name)
}

/// The service that a file is of.
fn service_of(artifact: &Artifact) -> Option<String> {
    let rest = artifact.origin.as_str().strip_prefix("services.")?;
    rest.split('.').next().map(|id| id.trim_matches('"').to_owned())
}

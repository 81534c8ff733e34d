//! The Compose file, service by service: which containers Docker makes anew, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::{Mapping, Value};

use super::action::{Action, Consequence};
use super::phrase::Phrase;

/// What Compose leaves out when it asks whether a container is still the right one.
const UNHASHED: &[&str] = &["build", "depends_on", "profiles", "pull_policy", "scale"];

/// Keys whose parts are named one by one.
const IN_PARTS: &[&str] = &["environment", "healthcheck", "labels", "networks", "sysctls"];

/// The label that follows from everything else in a service.
pub const DEFINITION: &str = "mediac.definition";

/// Labels by what their change means.
const LABELS: &[(&str, &str)] =
    &[("labels.mediac.inputs", "a file or a secret that it reads at its start changes")];

/// What follows for containers and their networks when the Compose file changes.
pub(super) fn derive(old: Option<&str>, new: Option<&str>) -> Vec<Consequence> {
    let (old, new) = match (parse(old), parse(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(why), _) | (_, Err(why)) => {
            let because = Phrase::new("the Compose file of the base cannot be read ({})", &[&why]);
            return vec![Consequence::new(Action::Unknown, "containers", because)];
        }
    };
    let mut found = Vec::new();
    let remade = networks(&old, &new, &mut found);
    let mut anew: BTreeMap<&str, Vec<Phrase>> = BTreeMap::new();
    let (before, after) = (section(&old, "services"), section(&new, "services"));
    for (name, service) in &after {
        let Some(previous) = before.get(name) else {
            found.push(Consequence::new(Action::StartContainer, name, Phrase::new("it is new", &[])));
            continue;
        };
        let mut because = reasons(previous, service);
        because.extend(
            used_networks(service)
                .filter(|network| remade.contains(*network))
                .map(|network| Phrase::new("its network {} is made anew", &[network])),
        );
        if !because.is_empty() {
            anew.insert(name, because);
        }
    }
    // Who sits in the network of a container that is made anew has to follow, and so on.
    while let Some((name, owner)) = next_follower(&before, &after, &anew) {
        anew.insert(name, vec![Phrase::new("it shares the network of {}, which is made anew", &[owner])]);
    }
    found.extend(anew.into_iter().map(|(name, because)| Consequence {
        action: Action::RemakeContainer,
        subject: name.to_owned(),
        because,
    }));
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        let because = Phrase::new("it is no longer defined; its folders stay", &[]);
        found.push(Consequence::new(Action::RemoveContainer, name, because));
    }
    found
}

/// The networks that are made anew.
fn networks<'a>(old: &'a Value, new: &'a Value, found: &mut Vec<Consequence>) -> BTreeSet<&'a str> {
    let (before, after) = (section(old, "networks"), section(new, "networks"));
    let mut remade = BTreeSet::new();
    for (name, network) in &after {
        match before.get(name) {
            None => found.push(Consequence::new(Action::MakeNetwork, name, Phrase::new("it is new", &[]))),
            Some(previous) if previous != network => {
                remade.insert(*name);
                let keys = changed(previous, network);
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                let because =
                    Phrase::new("{} changes; all its containers stop meanwhile", &[&keys.join(", ")]);
                found.push(Consequence::new(Action::RemakeNetwork, name, because));
            }
            Some(_) => {}
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        let because = Phrase::new("it is no longer defined", &[]);
        found.push(Consequence::new(Action::RemoveNetwork, name, because));
    }
    remade
}

/// Why Compose takes a container for another one.
fn reasons(old: &Value, new: &Value) -> Vec<Phrase> {
    let keys: Vec<String> = changed(old, new);
    let mut because = Vec::new();
    let mut plain = Vec::new();
    for key in &keys {
        match LABELS.iter().find(|(label, _)| label == key) {
            Some((_, why)) => because.push(Phrase::new(why, &[])),
            None => plain.push(key.as_str()),
        }
    }
    if !plain.is_empty() {
        because.insert(0, Phrase::new("{} changes", &[&plain.join(", ")]));
    }
    because
}

/// The keys in which two services or networks differ.
fn changed(old: &Value, new: &Value) -> Vec<String> {
    let (old, new) = (entries(old), entries(new));
    let keys: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut found = Vec::new();
    for key in keys.into_iter().filter(|key| !UNHASHED.contains(key)) {
        let (before, after) = (old.get(key).copied(), new.get(key).copied());
        if before == after || (*key == *DEFINITION && before.is_some() && after.is_some()) {
            continue;
        }
        let (Some(before), Some(after)) = (before, after) else {
            found.push(key.to_owned());
            continue;
        };
        if IN_PARTS.contains(&key) && before.is_mapping() && after.is_mapping() {
            found.extend(changed(before, after).into_iter().map(|part| format!("{key}.{part}")));
        } else {
            found.push(key.to_owned());
        }
    }
    found
}

fn next_follower<'a>(
    before: &BTreeMap<&'a str, &'a Value>,
    after: &BTreeMap<&'a str, &'a Value>,
    anew: &BTreeMap<&'a str, Vec<Phrase>>,
) -> Option<(&'a str, &'a str)> {
    after.iter().find_map(|(name, service)| {
        let owner = service.get("network_mode")?.as_str()?.strip_prefix("service:")?;
        let follows = anew.contains_key(owner) && !anew.contains_key(name) && before.contains_key(name);
        follows.then_some((*name, owner))
    })
}

fn used_networks(service: &Value) -> impl Iterator<Item = &str> {
    service.get("networks").map(entries).unwrap_or_default().into_keys()
}

fn section<'a>(document: &'a Value, name: &str) -> BTreeMap<&'a str, &'a Value> {
    document.get(name).map(entries).unwrap_or_default()
}

fn entries(value: &Value) -> BTreeMap<&str, &Value> {
    let pairs = value.as_mapping().map(Mapping::iter).into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.as_str()?, value))).collect()
}

fn parse(text: Option<&str>) -> Result<Value, String> {
    match text {
        None => Ok(Value::Null),
        Some(text) => serde_yaml::from_str(text).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "networks: {n: {driver: bridge, ipam: {config: [{subnet: 10.0.0.0/24}]}}}\n\
        services:\n  tunnel: {image: 't:1', networks: {n: {}}}\n\
        \x20 inside: {image: 'i:1', network_mode: 'service:tunnel'}\n\
        \x20 other: {image: 'o:1', environment: {A: '1', B: '1'}, labels: {mediac.inputs: '1'}}\n";

    fn check(new: &str, expected: &[(Action, &str, &str)]) {
        let found = derive(Some(BASE), Some(new));
        let found: Vec<(Action, &str, String)> = found
            .iter()
            .map(|c| {
                (
                    c.action,
                    c.subject.as_str(),
                    c.because.iter().map(Phrase::plain).collect::<Vec<_>>().join("; "),
                )
            })
            .collect();
        let found: Vec<(Action, &str, &str)> = found.iter().map(|(a, s, b)| (*a, *s, b.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn containers_are_made_anew_for_a_reason() {
        check(BASE, &[]);
        check(&BASE.replace("'o:1'", "'o:1', depends_on: {tunnel: {}}"), &[]);
        check(
            &BASE.replace("A: '1'", "A: '2'"),
            &[(Action::RemakeContainer, "other", "`environment.A` changes")],
        );
        check(
            &BASE.replace("mediac.inputs: '1'", "mediac.inputs: '2'"),
            &[(Action::RemakeContainer, "other", "a file or a secret that it reads at its start changes")],
        );
        check(
            &BASE.replace("t:1", "t:2"),
            &[
                (Action::RemakeContainer, "inside", "it shares the network of `tunnel`, which is made anew"),
                (Action::RemakeContainer, "tunnel", "`image` changes"),
            ],
        );
        check(
            &BASE.replace("10.0.0.0", "10.0.1.0"),
            &[
                (Action::RemakeNetwork, "n", "`ipam` changes; all its containers stop meanwhile"),
                (Action::RemakeContainer, "inside", "it shares the network of `tunnel`, which is made anew"),
                (Action::RemakeContainer, "tunnel", "its network `n` is made anew"),
            ],
        );
    }

    #[test]
    fn a_broken_base_is_said_to_be_one() {
        let found = derive(Some("a: [\n"), Some(BASE));
        assert_eq!(found.first().map(|consequence| consequence.action), Some(Action::Unknown));
    }
}

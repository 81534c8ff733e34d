//! What many checks need: option paths, names that were meant, and folders within folders.

use crate::ir::{Host, Runtime, Service};
use crate::path::OptionPath;

/// The option of the given field names, from the top of a definition.
pub fn option(fields: &[&str]) -> OptionPath {
    fields.iter().fold(OptionPath::root(), |path, field| path.field(field))
}

/// The option of the given field names within a service.
pub fn at(id: &str, fields: &[&str]) -> OptionPath {
    fields.iter().fold(Host::service_path(id), |path, field| path.field(field))
}

/// The services that run in a container, by name.
pub fn containers(host: &Host) -> impl Iterator<Item = (&str, &Service)> {
    services(host).filter(|(_, service)| service.runtime == Runtime::Container)
}

/// All services, by name.
pub fn services(host: &Host) -> impl Iterator<Item = (&str, &Service)> {
    host.services.iter().map(|(id, service)| (id.as_str(), service))
}

/// Each service that is confined to another one of the host: its name, itself, and the other's name.
pub fn confined(host: &Host) -> impl Iterator<Item = (&str, &Service, &str)> {
    services(host).filter_map(|(id, service)| {
        let owner = service.confine.as_deref()?;
        host.services.contains_key(owner).then_some((id, service, owner))
    })
}

/// The service whose network namespace a service lives in.
pub fn namespace<'a>(id: &'a str, service: &'a Service) -> &'a str {
    service.confine.as_deref().unwrap_or(id)
}

/// The folder of the host that holds a service's state.
pub fn state_folder(host: &Host, id: &str, service: &Service) -> Option<String> {
    let state = service.state.as_ref()?;
    match service.runtime {
        Runtime::Container => Some(format!("{}/{id}", host.storage.config)),
        Runtime::Native | Runtime::None => Some(state.clone()),
    }
}

/// Whether `path` is `folder` or lies below it.
pub fn inside(path: &str, folder: &str) -> bool {
    folder == "/" || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Names as a sentence has them: `a`, `b` and `c`.
pub fn list<T: AsRef<str>>(names: &[T], joint: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {joint} {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The known name that was probably meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() + 1).max(3) / 3;
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, removed or replaced to turn one name into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((&b, pair), left) in to.iter().zip(row.windows(2)).zip(1..) {
            let &[diagonal, above] = pair else { continue };
            let before = next.get(left - 1).copied().unwrap_or(left);
            next.push((diagonal + usize::from(a != b)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_typing_errors() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(nearest("alhpa", ["beta", "alpha"]), Some("alpha"));
        assert_eq!(nearest("tunel", ["alpha", "tunnel"]), Some("tunnel"));
        assert_eq!(nearest("gamma", ["alpha", "beta"]), None);
    }

    #[test]
    fn folders_hold_what_is_below_them() {
        assert!(inside("/srv/a", "/srv"));
        assert!(inside("/srv", "/srv"));
        assert!(inside("/srv", "/"));
        assert!(!inside("/srv2", "/srv"));
        assert!(!inside("/srv", "/srv/a"));
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(&["a", "b", "c"], "and"), "`a`, `b` and `c`");
        assert_eq!(list(&["a"], "and"), "`a`");
    }
}

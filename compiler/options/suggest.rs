//! What a user meant who set an option that does not exist.

use super::{OptionTree, suggest};
use crate::path::OptionPath;

/// The path that was meant by `segments`, of which at least one names no option: each wrong name is replaced
/// by its nearest sibling; where no sibling is near, the options of the same name elsewhere are tried, those
/// below the part that is right first. `None` if the path is right, or nothing is near.
pub fn suggest_path(tree: &OptionTree, segments: &[&str]) -> Option<String> {
    let mut here = tree;
    let mut right: Vec<&str> = Vec::new();
    let mut changed = false;
    let mut rest = segments;
    while let Some((segment, after)) = rest.split_first() {
        if here.open && here.is_leaf() {
            // nothing is known from here on
            right.extend(rest);
            break;
        }
        let known = here.step(segment).map(|entry| (*segment, entry));
        let near = || here.fields.get_key_value(suggest(segment, here.fields.keys().map(String::as_str))?);
        match known.or_else(|| near().map(|(name, entry)| (name.as_str(), entry))) {
            Some((name, entry)) => {
                changed |= name != *segment;
                right.push(name);
                here = &entry.tree;
            }
            None => return elsewhere(tree, &right, rest).map(|path| written(&path)),
        }
        rest = after;
    }
    changed.then(|| written(&right))
}

/// The best pattern that ends like `rest`, with the names of `right` and `rest` filled in.
fn elsewhere<'a>(tree: &'a OptionTree, right: &[&'a str], rest: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut patterns = Vec::new();
    collect(tree, 0, &mut Vec::new(), &mut patterns);
    let fits = |(part, name): (&&str, &&str)| part == name || *part == ANY;
    patterns
        .into_iter()
        .filter(|(_, pattern)| pattern.last() == rest.last())
        .filter_map(|(place, pattern)| {
            let (above, end) = pattern.split_at_checked(pattern.len().checked_sub(rest.len())?)?;
            if !end.iter().zip(rest).all(fits) {
                return None;
            }
            let shared = above.iter().zip(right).take_while(|pair| fits(*pair)).count();
            let names = right.iter().take(shared).chain(above.iter().skip(shared)).chain(rest);
            let path: Vec<&str> = names.copied().collect();
            Some((right.len() - shared, path.len(), place, path))
        })
        .min()
        .map(|(_, _, _, path)| path)
}

/// Any name in a dictionary.
const ANY: &str = "<name>";
/// Any element of a list.
const ELEMENT: &str = "[]";

/// All patterns, each with the place where the option above it is defined: what stands first is used most.
fn collect<'a>(
    tree: &'a OptionTree,
    above: usize,
    path: &mut Vec<&'a str>,
    patterns: &mut Vec<(usize, Vec<&'a str>)>,
) {
    let fields = tree.fields.iter().map(|(name, entry)| (name.as_str(), entry));
    let wildcard = tree.wildcard.as_deref().map(|entry| (ANY, entry));
    let element = tree.element.as_deref().map(|entry| (ELEMENT, entry));
    for (name, entry) in fields.chain(wildcard).chain(element) {
        path.push(name);
        patterns.push((above, path.clone()));
        let place = if path.len() > 2 { entry.span.start.max(above) } else { above };
        collect(&entry.tree, place, path, patterns);
        path.pop();
    }
}

fn written(segments: &[&str]) -> String {
    let path = segments.iter().fold(OptionPath::root(), |path, segment| match *segment {
        ANY if path.as_str().is_empty() => OptionPath::parse(ANY),
        ANY => OptionPath::parse(&format!("{path}.{ANY}")),
        element if element.starts_with('[') => OptionPath::parse(&format!("{}{element}", path.as_str())),
        name => path.field(name),
    });
    path.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::host;
    use super::*;

    #[test]
    fn names_in_wrong_places_are_found_elsewhere() {
        let tree = host();
        let table: &[(&str, Option<&str>)] = &[
            ("services.alpha.port", Some("services.alpha.endpoints.<name>.port")),
            ("services.alpha.http.port", Some("services.alpha.endpoints.http.port")),
            ("services.alpha.endpionts.http.prot", Some("services.alpha.endpoints.http.port")),
            ("servces.alpha.options.anything", Some("services.alpha.options.anything")),
            ("servces.alpha.port", Some("services.alpha.endpoints.<name>.port")),
            ("disks.main.range", Some("net.lan.range")),
            ("users.[0].logni", Some("users[0].login")),
            ("mount", Some("disks.<name>.mount")),
            ("services.alpha.endpoints.http.port", None),
            ("services.alpha.nonsense", None),
            ("twowords", Some("\"two words\"")),
            ("", None),
        ];
        for (path, expected) in table {
            let segments: Vec<_> = path.split('.').collect();
            assert_eq!(suggest_path(&tree, &segments).as_deref(), *expected, "{path}");
        }
    }

    #[test]
    fn typos_of_one_edit_are_corrected() {
        let tree = host();
        let (mut right, mut all) = (0_u32, 0_u32);
        let mut check = |siblings: &[&str], name: &str, typo: String| {
            if typo != name && !typo.is_empty() && !siblings.contains(&typo.as_str()) {
                all += 1;
                right += u32::from(suggest(&typo, siblings.iter().copied()) == Some(name));
            }
        };
        let places: &[&[&str]] = &[
            &[],
            &["disks", "a"],
            &["services", "a"],
            &["services", "a", "endpoints", "b"],
            &["services", "a", "limits"],
            &["storage"],
            &["net"],
            &["net", "lan"],
            &["tree"],
            &["users", "[0]"],
            &["odd"],
        ];
        for path in places {
            let siblings = tree.children(path).unwrap();
            for name in &siblings {
                for at in 0..=name.len() {
                    let (start, end) = name.split_at(at);
                    let after = end.get(1..).unwrap_or_default();
                    check(&siblings, name, format!("{start}{after}"));
                    for letter in 'a'..='z' {
                        check(&siblings, name, format!("{start}{letter}{end}"));
                        check(&siblings, name, format!("{start}{letter}{after}"));
                    }
                    if end.len() > 1 {
                        check(&siblings, name, format!("{start}{}{}{}", &end[1..2], &end[..1], &end[2..]));
                    }
                }
            }
        }
        let percent = f64::from(right) * 100.0 / f64::from(all);
        assert!(percent >= 95.0, "{right} of {all} typos corrected: {percent:.2} %");
    }
}

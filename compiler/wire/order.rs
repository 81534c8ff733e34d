//! What comes first: an object that another one refers to.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Wiring;
use super::record::Records;
use super::values::all_made;

/// A resource of a service.
pub type Spot = (String, String);

/// Resources by those that they wait for.
pub type Needs = BTreeMap<Spot, BTreeSet<Spot>>;

/// What every resource waits for. Those that are only looked at wait for nothing: what others refer to, and where mediac
/// made something before.
pub fn needs(wiring: &Wiring, records: &Records) -> Needs {
    let mut all = Needs::new();
    for (id, resources) in &records.services {
        let known = wiring.services.get(id).map(|service| &service.api.resources);
        let known = resources.keys().filter(|name| known.is_some_and(|known| known.contains_key(*name)));
        all.extend(known.map(|name| ((id.clone(), name.clone()), BTreeSet::new())));
    }
    for (id, service) in &wiring.services {
        for (name, declared) in &service.wiring {
            let made = all_made(declared).into_iter().map(|made| (made.service, made.resource));
            let after =
                service.api.resources.get(name).map(|resource| resource.after.as_slice()).unwrap_or_default();
            let after = after.iter().filter_map(|spot| spot.split_once('/'));
            let own = (id.clone(), name.clone());
            let needed: BTreeSet<Spot> = made
                .chain(after.map(|(service, resource)| (service.to_owned(), resource.to_owned())))
                .filter(|spot| *spot != own && wiring.services.contains_key(&spot.0))
                .collect();
            for spot in &needed {
                all.entry(spot.clone()).or_default();
            }
            all.entry(own).or_default().extend(needed);
        }
    }
    all
}

/// All resources, each after what it waits for; an error is a circle.
pub fn order(needs: &Needs) -> Result<Vec<Spot>, Vec<Spot>> {
    let mut order: Vec<Spot> = Vec::new();
    let mut open: BTreeMap<&Spot, &BTreeSet<Spot>> = needs.iter().collect();
    while !open.is_empty() {
        let free: Vec<Spot> = open
            .iter()
            .filter(|(_, needed)| needed.iter().all(|spot| !open.contains_key(spot)))
            .map(|(spot, _)| (*spot).clone())
            .collect();
        if free.is_empty() {
            return Err(open.into_keys().cloned().collect());
        }
        for spot in &free {
            open.remove(spot);
        }
        order.extend(free);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_comes_first() {
        let wiring: Wiring = serde_json::from_value(serde_json::json!({"services": {
            "a": {"title": "A", "url": "x", "api": {"ready": {"path": "/"}},
                  "wiring": {"apps": {"b": {"id": "mediac-made(b/tags/x:id)"}}}},
            "b": {"title": "B", "url": "x", "api": {"ready": {"path": "/"}, "resources": {
                    "tags": {"about": "tag", "read": {"path": "/"}, "after": ["a/none", "gone/x"]}}},
                  "wiring": {"tags": {"x": {}}}},
        }}))
        .unwrap();
        let names: Vec<String> = order(&needs(&wiring, &Records::default()))
            .unwrap()
            .into_iter()
            .map(|(s, r)| format!("{s}/{r}"))
            .collect();
        assert_eq!(names, ["a/none", "b/tags", "a/apps"]);
        let spot = |name: &str| (name.to_owned(), name.to_owned());
        let circle =
            Needs::from([(spot("a"), BTreeSet::from([spot("b")])), (spot("b"), BTreeSet::from([spot("a")]))]);
        assert_eq!(order(&circle).unwrap_err().len(), 2);
    }
}

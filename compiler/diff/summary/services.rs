//! Services and their images.

use super::{Area, Change, Sides, Statement, changes, statement};
use crate::diff::phrase::Phrase;
use crate::inventory::Service;

/// Services that come, go, or become something else.
pub(super) fn services(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (id, change) in changes(&sides.old.services, &sides.new.services) {
        let mut say = |kind, text| found.push(statement(Area::Services, kind, id, text));
        match change {
            Change::Added(new) => say("service-added", Phrase::new("{} is new: ", &[id]).then(runtime(new))),
            Change::Removed(old) => {
                say("service-removed", Phrase::new("{} is removed: it was ", &[id]).then(runtime(old)));
            }
            Change::Changed(old, new) => {
                if old.kind != new.kind {
                    let text =
                        Phrase::new("{} is made by the module {} instead of {}", &[id, &new.kind, &old.kind]);
                    say("service-kind", text);
                }
                if old.image.is_some() != new.image.is_some() || old.unit != new.unit {
                    let text = Phrase::new("{} becomes ", &[id]).then(runtime(new));
                    say("service-runtime", text.then(Phrase::new("; it was ", &[])).then(runtime(old)));
                }
                if old.title != new.title {
                    say("service-title", Phrase::new("{} is now called {}", &[id, &new.title]));
                }
            }
        }
    }
    found
}

/// Images of services that are containers before and after.
pub(super) fn images(sides: &Sides<'_>) -> Vec<Statement> {
    let mut found = Vec::new();
    for (id, change) in changes(&sides.old.services, &sides.new.services) {
        let Change::Changed(old, new) = change else { continue };
        let (Some(old), Some(new)) = (&old.image, &new.image) else { continue };
        if old == new {
            continue;
        }
        let (kind, text) = match (old.split_once('@'), new.split_once('@')) {
            (Some((name, before)), Some((same, after))) if name == same => (
                "image-digest",
                Phrase::new("{}: {} stays, only its digest changes: {} → {}", &[id, name, before, after]),
            ),
            _ => ("image", Phrase::new("{}: {} → {}", &[id, old, new])),
        };
        found.push(statement(Area::Images, kind, id, text));
    }
    found
}

/// What a service runs as.
fn runtime(service: &Service) -> Phrase {
    match (&service.image, &service.unit) {
        (Some(image), _) => Phrase::new("a container of {}", &[image]),
        (None, Some(unit)) => Phrase::new("the unit {}", &[unit]),
        (None, None) => Phrase::new("nothing that runs", &[]),
    }
}

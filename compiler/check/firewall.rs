//! The firewall: somebody must be able to come in.

use super::tools::{option, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Expose, Host, Runtime, Scheme};

/// A firewall that lets nobody in to manage the machine.
pub fn no_way_in(host: &Host, report: &mut Report) {
    // A web page that the machine serves is no way to log in to it.
    let open =
        services(host).filter(|(_, service)| service.runtime == Runtime::Native).any(|(_, service)| {
            let mut endpoints = service.endpoints.values();
            endpoints.any(|endpoint| endpoint.expose >= Expose::Lan && endpoint.scheme != Scheme::Http)
        });
    if host.firewall.is_some() && !open {
        report.push(
            Diagnostic::warning(
                "no-way-in",
                &option(&["firewall"]),
                "the firewall lets nobody in to manage this machine",
                "add the native service you log in with, and name in its options who may",
            )
            .because("no service of the host itself, only containers, can be reached from outside"),
        );
    }
}

//! Sites: names, and the endpoints they lead to.

use std::collections::BTreeMap;

use super::tools::{at, list, nearest, services};
use crate::diag::{Diagnostic, Report};
use crate::ir::{Host, Proxy, Route, Scheme};
use crate::path::OptionPath;

/// Two routes with one name.
pub fn duplicate_site(host: &Host, report: &mut Report) {
    let mut seen: BTreeMap<String, OptionPath> = BTreeMap::new();
    for (id, proxy, site, route) in routes(host) {
        let path = at(id, &["proxy", "routes", site, "host"]);
        let name = full_name(proxy, route);
        if let Some(first) = seen.get(&name) {
            report.push(
                Diagnostic::error(
                    "duplicate-site",
                    &path,
                    format!("two sites have the name `{name}`"),
                    format!("give the site `{site}` another `host`, or remove it"),
                )
                .here(format!("it leads to `{}`", route.to))
                .also(first, "this one has the same name"),
            );
        } else {
            seen.insert(name, path);
        }
    }
}

/// A whole name that is not below the domain.
pub fn outside_domain(host: &Host, report: &mut Report) {
    for (id, proxy, site, route) in routes(host) {
        let name = full_name(proxy, route);
        let within =
            name.strip_suffix(&proxy.domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if !within {
            let label = name.split('.').next().unwrap_or_default();
            report.push(
                Diagnostic::error(
                    "site-outside-domain",
                    &at(id, &["proxy", "routes", site, "host"]),
                    format!("`{name}` is not below the domain `{}`", proxy.domain),
                    format!("write \"{label}\", or a whole name such as \"{label}.{}\"", proxy.domain),
                )
                .also(&at(id, &["proxy", "domain"]), "the domain"),
            );
        }
    }
}

/// A route to an endpoint that its service does not have.
pub fn without_endpoint(host: &Host, report: &mut Report) {
    for (id, _, site, route) in routes(host) {
        let Some(service) = host.services.get(&route.to) else { continue };
        if service.endpoints.contains_key(&route.endpoint) {
            continue;
        }
        let known: Vec<&str> = service.endpoints.keys().map(String::as_str).collect();
        let help = match (nearest(&route.endpoint, known.iter().copied()), known.is_empty()) {
            (Some(meant), _) => format!("did you mean the endpoint `{meant}`?"),
            (None, true) => format!(
                "add `{} = {{ port = …, scheme = 'http }}`, or remove the site",
                at(&route.to, &["endpoints", &route.endpoint])
            ),
            (None, false) => format!("name {}", list(&known, "or")),
        };
        report.push(
            Diagnostic::error(
                "route-without-endpoint",
                &at(id, &["proxy", "routes", site, "endpoint"]),
                format!(
                    "the site `{}` leads to `{}`, which has no endpoint `{}`",
                    route.host, route.to, route.endpoint
                ),
                help,
            )
            .also(&Host::service_path(&route.to), "the service"),
        );
    }
}

/// A route to an endpoint that speaks no HTTP.
pub fn not_http(host: &Host, report: &mut Report) {
    for (id, _, site, route) in routes(host) {
        let Some(endpoint) = host.services.get(&route.to).and_then(|s| s.endpoints.get(&route.endpoint))
        else {
            continue;
        };
        if endpoint.scheme == Scheme::None {
            let scheme = at(&route.to, &["endpoints", &route.endpoint, "scheme"]);
            report.push(
                Diagnostic::error(
                    "route-not-http",
                    &at(id, &["proxy", "routes", site, "endpoint"]),
                    format!(
                        "the site `{}` leads to an endpoint of `{}` that speaks no HTTP",
                        route.host, route.to
                    ),
                    format!("set `{scheme} = 'http` if it does, or remove the site"),
                )
                .also(&Host::service_path(&route.to), "the service"),
            );
        }
    }
}

/// A site of the reverse proxy that leads back to it.
pub fn route_to_itself(host: &Host, report: &mut Report) {
    for (id, _, site, route) in routes(host).filter(|(id, _, _, route)| *id == route.to) {
        report.push(Diagnostic::error(
            "route-to-itself",
            &at(id, &["proxy", "routes", site, "to"]),
            format!("the site `{}` leads back to the reverse proxy", route.host),
            "name the service that answers, or remove the site",
        ));
    }
}

/// More than one reverse proxy.
pub fn two_proxies(host: &Host, report: &mut Report) {
    let mut proxies = services(host).filter(|(_, service)| service.proxy.is_some()).map(|(id, _)| id);
    let Some(first) = proxies.next() else { return };
    for other in proxies {
        report.push(
            Diagnostic::warning(
                "two-proxies",
                &at(other, &["proxy"]),
                format!("`{first}` and `{other}` are both reverse proxies"),
                format!("keep one of them: move the sites of `{other}` to `{first}`"),
            )
            .also(&at(first, &["proxy"]), "the other one")
            .because("browsers come to ports 80 and 443, and only one program can listen there"),
        );
    }
}

fn routes(host: &Host) -> impl Iterator<Item = (&str, &Proxy, &str, &Route)> {
    services(host).filter_map(|(id, service)| Some((id, service.proxy.as_ref()?))).flat_map(|(id, proxy)| {
        proxy.routes.iter().map(move |(site, route)| (id, proxy, site.as_str(), route))
    })
}

/// The whole name of a site.
fn full_name(proxy: &Proxy, route: &Route) -> String {
    if route.host.contains('.') { route.host.clone() } else { format!("{}.{}", route.host, proxy.domain) }
}

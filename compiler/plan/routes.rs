//! The sites of the reverse proxy.

use super::{Proxy, Site, networks};
use crate::ir::Host;

/// The reverse proxy of a host, if it has one.
pub fn plan(host: &Host) -> Option<Proxy> {
    let (id, proxy) = host.services.iter().find_map(|(id, service)| Some((id, service.proxy.as_ref()?)))?;
    let origin = Host::service_path(id).field("proxy");
    let sites = proxy
        .routes
        .iter()
        .filter_map(|(name, route)| {
            let target = host.services.get(&route.to)?;
            let endpoint = target.endpoints.get(&route.endpoint)?;
            // On the network of ordinary containers a service answers at its own port; anything else is
            // reached through the host, at the port it has there.
            let port = if networks::is_open(target) { endpoint.port } else { endpoint.host_port() };
            let site = Site {
                service: route.to.clone(),
                scheme: endpoint.scheme,
                port,
                access: route.access,
                origin: origin.field("routes").field(name),
            };
            Some((full_name(&route.host, &proxy.domain), site))
        })
        .collect();
    Some(Proxy {
        service: id.clone(),
        path: proxy.path.clone(),
        email: proxy.email.clone(),
        log: proxy.log.clone(),
        sites,
        origin,
    })
}

/// The whole name of a site: `host` below `domain`, unless it is one already.
pub fn full_name(host: &str, domain: &str) -> String {
    if host == domain || host.ends_with(&format!(".{domain}")) {
        host.to_owned()
    } else {
        format!("{host}.{domain}")
    }
}

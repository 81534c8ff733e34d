//! The Caddyfile: one site block for each published service.

use serde::Serialize;

use super::Rendered;
use super::template::{self, Template};
use crate::ir::{Scheme, WebAccess};
use crate::plan::{Plan, Proxy, Site};
use crate::tree::Artifact;

#[derive(Serialize)]
struct View<'a> {
    email: Option<&'a str>,
    log: Option<&'a str>,
    home: minijinja::Value,
    sites: Vec<SiteView<'a>>,
}

#[derive(Serialize)]
struct SiteView<'a> {
    name: &'a str,
    upstream: String,
    lan_only: bool,
    origin: &'a str,
}

pub(super) fn render(plan: &Plan) -> Rendered {
    let Some(proxy) = &plan.proxy else { return Ok(Vec::new()) };
    let Proxy { service: _, path, email, log, sites, origin } = proxy;
    let view = View {
        email: email.as_deref(),
        log: log.as_deref().filter(|_| !sites.is_empty()),
        home: template::words(plan.lan4.iter().chain(&plan.lan6), " "),
        sites: sites
            .iter()
            .map(|(name, site)| {
                let Site { service, scheme, port, access, origin } = site;
                let scheme = if *scheme == Scheme::Https { "https" } else { "http" };
                SiteView {
                    name,
                    upstream: format!("{scheme}://{service}:{port}"),
                    lan_only: *access == WebAccess::Lan,
                    origin: origin.as_str(),
                }
            })
            .collect(),
    };
    let text = template::fill(Template::Caddyfile, &view, origin)?;
    Ok(vec![Artifact::system(path.clone(), text, origin)])
}

//! What the system itself reads: accounts, folders, packages, repositories, and the GPU's udev rule.

use super::{Rendered, located};
use crate::format::tmpfiles::{self, Table};
use crate::format::{deb822, lines, udev};
use crate::ir::GpuDriver;
use crate::node::{Node, Value};
use crate::path::OptionPath;
use crate::plan::{Account, ETC, LIB, Plan, RUN, Repository};
use crate::tree::Artifact;

pub(super) fn render(plan: &Plan) -> Rendered {
    let mut artifacts = folders()?;
    artifacts.extend(accounts(plan)?);
    artifacts.extend(packages(plan)?);
    artifacts.extend(gpu(plan)?);
    Ok(artifacts)
}

fn row(fields: &[&str], origin: &OptionPath) -> Node {
    let fields = fields.iter().map(|field| match *field {
        "" => Node::new(Value::Null),
        text => Node::new(text),
    });
    Node::list(fields).from_option(origin)
}

/// Folders of mediac itself.
fn folders() -> Rendered {
    let origin = OptionPath::root().field("name");
    let live = format!("{ETC}/live");
    let (env, secrets) = (format!("{RUN}/env"), format!("{RUN}/secrets"));
    let rows = [
        row(&["d", ETC, "0755", "root", "root"], &origin),
        row(&["d", &live, "0755", "root", "root"], &origin),
        row(&["d", LIB, "0755", "root", "root"], &origin),
        row(&["d", RUN, "0711", "root", "root"], &origin),
        row(&["d", &env, "0700", "root", "root"], &origin),
        row(&["d", &secrets, "0711", "root", "root"], &origin),
    ];
    let table = Node::list(rows);
    let text = tmpfiles::write(&table, Table::Tmpfiles).map_err(|issues| located(issues, &origin))?;
    Ok(vec![Artifact::system("/etc/tmpfiles.d/mediac.conf", text, &origin)])
}

/// Groups first: a user's line names its group.
fn accounts(plan: &Plan) -> Rendered {
    if plan.accounts.is_empty() {
        return Ok(Vec::new());
    }
    let origin = OptionPath::root().field("accounts");
    let mut rows = Vec::new();
    let mut groups: Vec<&str> = Vec::new();
    for account in &plan.accounts {
        if !groups.contains(&account.group.as_str()) {
            groups.push(&account.group);
            rows.push(row(&["g", &account.group, &account.gid.to_string()], &account.origin));
        }
    }
    for Account { name, uid, group, gid: _, origin } in &plan.accounts {
        let id = format!("{uid}:{group}");
        let about = format!("mediac {name}");
        rows.push(row(&["u", name, &id, &about, "/nonexistent", "/usr/sbin/nologin"], origin));
    }
    let text =
        tmpfiles::write(&Node::list(rows), Table::Sysusers).map_err(|issues| located(issues, &origin))?;
    Ok(vec![Artifact::system("/etc/sysusers.d/mediac.conf", text, &origin)])
}

fn packages(plan: &Plan) -> Rendered {
    let mut artifacts = Vec::new();
    let origin = OptionPath::root().field("services");
    if !plan.packages.is_empty() {
        let names = plan.packages.iter().map(|(name, origin)| Node::new(name.as_str()).from_option(origin));
        let text = lines::write(&Node::list(names)).map_err(|issues| located(issues, &origin))?;
        artifacts.push(Artifact::system(format!("{ETC}/packages.list"), text, &origin));
    }
    for (name, repository) in &plan.repositories {
        let Repository { uris, suites, components, signed_by, key_uri: _, origin } = repository;
        let list = |field: &str, items: &[String]| {
            Node::list(items.iter().map(|item| Node::new(item.as_str()))).from_option(&origin.field(field))
        };
        let stanza = Node::map([
            ("Types", Node::new("deb").from_option(origin)),
            ("URIs", list("uris", uris)),
            ("Suites", list("suites", suites)),
            ("Components", list("components", components)),
            ("Signed-By", Node::new(signed_by.as_str()).from_option(&origin.field("signed_by"))),
        ]);
        let text = deb822::write(&stanza).map_err(|issues| located(issues, origin))?;
        artifacts.push(Artifact::system(format!("/etc/apt/sources.list.d/{name}.sources"), text, origin));
    }
    Ok(artifacts)
}

/// Gives the GPU's render node a stable name, its group, and a unit that services can wait for.
fn gpu(plan: &Plan) -> Rendered {
    let Some(gpu) = &plan.gpu else { return Ok(Vec::new()) };
    let origin = OptionPath::root().field("gpu");
    let vendor = match gpu.driver {
        GpuDriver::Intel => "0x8086",
        GpuDriver::Amd => "0x1002",
    };
    let token = |key: &str, op: &str, value: &str| row(&[key, op, value], &origin);
    let mut rule = vec![token("SUBSYSTEM", "==", "drm"), token("KERNEL", "==", "renderD*")];
    rule.push(match &gpu.pci {
        Some(address) => token("KERNELS", "==", address),
        None => token("ATTRS{vendor}", "==", vendor),
    });
    rule.extend([
        token("GROUP", "=", "render"),
        token("MODE", "=", "0660"),
        token("SYMLINK", "+=", "dri/mediac-render"),
        token("TAG", "+=", "systemd"),
    ]);
    let rules = Node::list([Node::list(rule).from_option(&origin)]);
    let text = udev::write(&rules).map_err(|issues| located(issues, &origin))?;
    Ok(vec![Artifact::system("/etc/udev/rules.d/70-mediac-gpu.rules", text, &origin)])
}

//! What has to be there before a build can be compared with a machine: packages, disks and images.

use std::collections::BTreeSet;
use std::path::Path;

use super::generation::Generation;
use super::steps::Step;

/// Where package sources of a build are put while they are not on the machine yet.
pub const SOURCES: &str = "/run/mediac/apt";
const SOURCES_LIST: &str = "/etc/apt/sources.list.d/";

/// What is missing on a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Packages that are not installed.
    pub packages: Vec<String>,
    /// Disks that are not mounted.
    pub disks: Vec<Disk>,
    /// Images of containers; whether they are there, only Docker can tell.
    pub images: Vec<String>,
    /// Package sources that are not there, by the name of their file.
    pub sources: Vec<(String, Vec<u8>)>,
}

/// A disk as its mount unit says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disk {
    /// The device.
    pub what: String,
    /// Where it is mounted.
    pub at: String,
    /// Its file system.
    pub fs: String,
    /// Options of the mount.
    pub options: String,
}

impl Missing {
    /// What a build needs, less what is there: `dpkg`'s status file, and the mount points of the machine.
    pub fn new(build: &Generation, status: &str, mounted: &BTreeSet<String>) -> Self {
        let installed = installed(status);
        let inventory = build.meaning();
        let packages: Vec<String> =
            inventory.packages.into_iter().filter(|package| !installed.contains(package.as_str())).collect();
        let is_mount = |path: &&String| Path::new(path).extension().is_some_and(|kind| kind == "mount");
        let units = build.files.keys().filter(is_mount).filter_map(|path| build.text(path));
        let sources = build
            .files
            .iter()
            .filter_map(|(path, bytes)| Some((path.strip_prefix(SOURCES_LIST)?.to_owned(), bytes.clone())));
        Self {
            sources: if packages.is_empty() { Vec::new() } else { sources.collect() },
            packages,
            disks: units.map(disk).filter(|disk| !mounted.contains(&disk.at)).collect(),
            images: inventory.services.into_values().filter_map(|service| service.image).collect(),
        }
    }

    /// The programs that make it be there.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.packages.is_empty() {
            let option = format!("--option=Dir::Etc::sourceparts={SOURCES}");
            let copy = format!("cp -a {SOURCES_LIST}. {SOURCES}/ && apt-get {option} update");
            steps.push(step(&["sh", "-c", &copy], "the package lists are refreshed"));
            let install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", &option, "install", "--yes"];
            let options = ["--no-install-recommends", "--option=Dpkg::Options::=--force-confold"];
            let names: Vec<&str> = self.packages.iter().map(String::as_str).collect();
            let because = format!("packages are installed: {}", names.join(", "));
            steps.push(step(&[install.as_slice(), &options, &names].concat(), &because));
        }
        for Disk { what, at, fs, options } in &self.disks {
            let command = ["mount", "--mkdir", "--types", fs, "--options", options, what, at];
            steps.push(step(&command, &format!("{what} is mounted at {at}, to see what is on it")));
        }
        for image in &self.images {
            let script =
                format!("docker image inspect {image} >/dev/null 2>&1 || docker pull --quiet {image}");
            steps.push(step(
                &["sh", "-c", &script],
                &format!("the image {image} is fetched, if it is not there"),
            ));
        }
        steps
    }
}

fn step(words: &[&str], because: &str) -> Step {
    let command = words.iter().map(|word| (*word).to_owned()).collect();
    Step { command, because: because.to_owned(), ..Step::default() }
}

/// The packages that are installed, by `dpkg`'s status file.
fn installed(status: &str) -> BTreeSet<&str> {
    let mut installed = BTreeSet::new();
    let mut package = "";
    for line in status.lines() {
        if let Some(name) = line.strip_prefix("Package: ") {
            package = name;
        } else if line.starts_with("Status: ") && line.ends_with(" ok installed") {
            installed.insert(package);
        }
    }
    installed
}

fn disk(unit: &str) -> Disk {
    let mut disk = Disk { options: "defaults".to_owned(), ..Disk::default() };
    for line in unit.lines() {
        match line.split_once('=') {
            Some(("What", what)) => what.clone_into(&mut disk.what),
            Some(("Where", at)) => at.clone_into(&mut disk.at),
            Some(("Type", fs)) => fs.clone_into(&mut disk.fs),
            Some(("Options", options)) => options.clone_into(&mut disk.options),
            _ => {}
        }
    }
    disk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_are_there() {
        let status = "Package: a\nStatus: install ok installed\nVersion: 1\n\n\
                      Package: b\nStatus: deinstall ok config-files\n\nPackage: c\nStatus: hold ok installed\n";
        assert_eq!(installed(status), BTreeSet::from(["a", "c"]));
    }

    #[test]
    fn a_disk_is_what_its_unit_says() {
        let found = disk(
            "[Mount]\nOptions=noatime,nofail\nType=ext4\nWhat=/dev/disk/by-label/media\nWhere=/srv/hdd\n",
        );
        let expected = Disk {
            what: "/dev/disk/by-label/media".to_owned(),
            at: "/srv/hdd".to_owned(),
            fs: "ext4".to_owned(),
            options: "noatime,nofail".to_owned(),
        };
        assert_eq!(found, expected);
    }
}

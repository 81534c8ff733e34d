//! Puts the schemas and modules into the binary, so that a module is one file and nothing else.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut table = String::from("&[\n");
    for folder in ["modules", "schemas"] {
        println!("cargo::rerun-if-changed={folder}");
        for entry in walkdir::WalkDir::new(root.join(folder)).max_depth(1).sort_by_file_name() {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "ncl") {
                continue;
            }
            let name = path.strip_prefix(&root)?.to_string_lossy().into_owned();
            writeln!(table, "    ({name:?}, include_str!({:?})),", path.to_string_lossy())?;
        }
    }
    table.push(']');
    let target = Path::new(&env::var("OUT_DIR")?).join("definitions.rs");
    fs::write(target, table)?;
    Ok(())
}

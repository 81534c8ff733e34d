//! The published schemas are what this mediac prints; `UPDATE=1` writes them anew. Whether real documents are valid is
//! asked in tests/apply, where there are machines in every state.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn published_schemas_are_of_this_version() {
    for name in ["plan", "status", "history", "doctor", "wire"] {
        let said = Command::new(env!("CARGO_BIN_EXE_mediac")).args(["schema", name]).output().unwrap();
        assert!(said.status.success(), "{name}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/json/{name}.json"));
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &said.stdout).unwrap();
        }
        let published = fs::read_to_string(&path).unwrap();
        assert_eq!(String::from_utf8_lossy(&said.stdout), published, "{name}: UPDATE=1 writes it anew");
    }
}

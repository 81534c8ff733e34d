//! The integration tests: what a user, a reviewer or a machine sees of mediac.
//!
//! One binary, a file for each property. Every test makes the projects it needs below the temporary
//! folder and removes them; they run in parallel, in any order and without a network. What cannot run
//! here, for lack of a program or of root, says so on standard error, and fails where `CI=true`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect has failed, and says where"
)]
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    clippy::type_complexity,
    reason = "what is read and printed here is our own, and small"
)]

#[path = "it/support.rs"]
mod support;

#[path = "it/cli.rs"]
mod cli;
#[path = "it/diff.rs"]
mod diff;
#[path = "it/docs.rs"]
mod docs;
#[path = "it/errors.rs"]
mod errors;
#[path = "it/golden.rs"]
mod golden;
#[path = "it/invariants.rs"]
mod invariants;
#[path = "it/modules.rs"]
mod modules;
#[path = "it/origins.rs"]
mod origins;
#[path = "it/proof.rs"]
mod proof;
#[path = "it/pure.rs"]
mod pure;
#[path = "it/reproducible.rs"]
mod reproducible;
#[path = "it/robust.rs"]
mod robust;
#[path = "it/schemas.rs"]
mod schemas;
#[path = "it/secret_keys.rs"]
mod secret_keys;
#[path = "it/secrets.rs"]
mod secrets;
#[path = "it/storage_faults.rs"]
mod storage_faults;
#[path = "it/typos.rs"]
mod typos;

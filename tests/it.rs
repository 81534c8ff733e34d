//! Tests from the outside: host files in, findings and files out.

#[path = "it/errors.rs"]
mod errors;

//! Tests of the whole program, from the command line and from the library.

#[path = "it/docs.rs"]
mod docs;

#[path = "it/errors.rs"]
mod errors;

//! Tests of the whole program, from the command line and from the library.

#[path = "it/docs.rs"]
mod docs;

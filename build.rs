//! Compiles the schemas and modules into the binary.
fn main() {}

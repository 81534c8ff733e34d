//! The `mediac` command.
fn main() {}

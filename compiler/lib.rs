//! The compiler for home media servers: from one typed host definition to every file of the machine.

pub mod apply;
mod check;
pub mod cli;
pub mod compile;
pub mod diag;
pub mod diff;
pub mod effect;
pub mod encryption;
pub mod format;
pub mod inventory;
pub mod ir;
pub mod judge;
pub mod manifest;
pub mod options;
pub mod plan;
pub mod project;
pub mod prove;
pub mod render;
pub mod report;
pub mod secret;
pub mod text;
pub mod tree;
pub mod wire;

pub use mediac_eval as eval;
pub use mediac_eval::{node, path, source};

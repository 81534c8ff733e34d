//! The compiler for home media servers: from one typed host definition to every file of the machine.

pub mod check;
pub mod cli;
pub mod compile;
pub mod diag;
pub mod diff;
pub mod effect;
pub mod eval;
pub mod format;
pub mod inventory;
pub mod ir;
pub mod judge;
pub mod manifest;
pub mod node;
pub mod options;
pub mod path;
pub mod plan;
pub mod project;
pub mod render;
pub mod report;
pub mod secret;
pub mod source;
pub mod text;
pub mod tree;

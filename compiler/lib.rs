//! The compiler for home media servers: from one typed host definition to every file of the machine.

pub mod format;
pub mod node;
pub mod options;
pub mod path;
pub mod text;

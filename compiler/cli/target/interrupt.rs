//! Signals that end a program must not end it between two builds: they are noted, and asked for between two steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Whether somebody wants it to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on, signals are only noted. A lost terminal is not even that: the other end of a connection may be what
    /// is being changed.
    pub fn watch() -> Self {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // Without it, the signal ends the process, and the next mediac takes back what it was at.
            let _ = signal_hook::flag::register(signal, Arc::clone(&interrupt.0));
        }
        let _ = signal_hook::flag::register(SIGHUP, Arc::default());
        interrupt
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

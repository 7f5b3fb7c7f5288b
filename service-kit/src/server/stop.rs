//! SIGTERM and SIGINT, heard from a moment on.
//!
//! Guarantees: a signal that came after [`StopSignal::listen`] is heard whenever somebody waits for it, also if it came before. Made
//! before a server says that it is ready, it loses none of those that may come in that very moment. Deliberately absent: what is done
//! about it.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// That this process is to stop.
#[derive(Debug)]
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// From now on neither signal ends the process by itself.
    ///
    /// # Errors
    /// If the system refuses to tell.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns once either has come.
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

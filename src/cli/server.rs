//! What every `run` command shares: a runtime, a log, and an end in order.

use std::{future::Future, io::Read as _};

use service_kit::server::StopSignal;

use super::output::Failure;

/// When a server should stop: SIGTERM or SIGINT, or, if its parent asked for it, the end of standard input.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct StopArguments {
    /// Stop when standard input closes: a server started by another program ends with it.
    #[arg(long, hide = true)]
    pub until_stdin_closes: bool,
}

/// Runs a server to its end on a multi-threaded runtime.
///
/// # Errors
/// What the server failed with.
pub fn block_on<T>(future: impl Future<Output = Result<T, anyhow::Error>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(future);
    // Pumps that still wait for the network must not hold up the end of the process.
    runtime.shutdown_background();
    done.map_err(Failure::from)
}

impl StopArguments {
    /// From now on SIGTERM and SIGINT are heard, and the end of standard input, if it was asked for, is one of them. Call it before
    /// anybody is told that the server is ready.
    ///
    /// # Errors
    /// If the system refuses to tell of signals.
    pub fn listen(self) -> std::io::Result<StopSignal> {
        let stop = StopSignal::listen()?;
        if self.until_stdin_closes {
            Self::watch();
        }
        Ok(stop)
    }

    fn watch() {
        // A thread of its own: reading standard input cannot be cancelled.
        std::thread::spawn(|| {
            let mut bytes = [0; 64];
            let mut stdin = std::io::stdin().lock();
            while matches!(stdin.read(&mut bytes), Ok(read) if read > 0) {}
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
        });
    }
}

//! What servers that run within a test had to say.

use std::sync::Once;

/// Shows, with a test that fails, what this process logged as a warning or worse while it ran: a refusal names no cause to whom it
/// is given, and a failure that load alone brings about cannot be looked into a second time.
pub fn show_warnings() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let shown = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false).with_test_writer();
        // A test that installed one of its own has its reasons.
        let _ = shown.try_init();
    });
}

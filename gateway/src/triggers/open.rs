//! A stored event with everything in it: what acting on it starts from.
//!
//! Guarantees: the signature is verified again, and what was sealed is opened for this very event; the payload is that of its type.
//! Deliberately absent: who is meant here, and what follows from it.

use protocol::event::{OpenedEvent, PeerEvent, accept_event, open_any_event};

use super::{TriggerError, receive::identity_registry};
use crate::{app::App, store::triggers::work::Work};

/// Verifies and opens the event of a piece of work.
///
/// # Errors
/// If the source is no member any more, nobody names people of our sector, or the stored event cannot be opened.
pub(crate) fn open(app: &App, work: &Work) -> Result<(PeerEvent, OpenedEvent), TriggerError> {
    let directory = app.directory();
    let source =
        directory.members().member(&work.source).ok_or(TriggerError::Answer("the source is no member any more"))?;
    let event = accept_event(work.jws.as_str().as_bytes(), source)?;
    let registry =
        identity_registry(app, &directory).ok_or(TriggerError::Answer("nobody names people of our sector"))?;
    let opened = open_any_event(&event, registry, &app.keys().encryption).map_err(|error| {
        tracing::error!(event = %work.event, code = %error.code(), "a stored event cannot be opened");
        TriggerError::Answer("a stored event cannot be opened")
    })?;
    Ok((event, opened))
}

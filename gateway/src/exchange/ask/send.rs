//! Sending a stored query, byte for byte, until it is heard or its caller's patience ends.
//!
//! Guarantees: the same bytes each time, so that the provider decides once. Deliberately absent: trust in what comes back; it is
//! bytes until `end.rs` verified them, and a problem document is a hint and no evidence.

use std::time::Duration;

use schemas::{
    problem::{Code, Problem},
    query::Query,
};
use service_kit::http_client::{HttpError, Reply};

use super::{NotAnswered, Pending};
use crate::{app::App, clients::peer::PeerClient};

/// The media type of a query (protocol, "Query, answer, receipts").
pub const QUERY_TYPE: &str = "application/dx-query+jwt";
/// How long one caller waits.
const PATIENCE: Duration = Duration::from_secs(9);
/// Between tries; the last one repeats.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1)];

/// What came back.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    /// Perhaps an answer.
    Answer(Vec<u8>),
    /// The provider will not answer these bytes: it said so before it knew who signed, or they had their time.
    Never(Code),
    /// Nothing yet; the same bytes may get an answer later.
    NotYet(Code),
}

impl App {
    /// Sends until something final is heard.
    ///
    /// # Errors
    /// As in the directory: the question stays open, and recovery goes on with it.
    pub(super) async fn send(&self, pending: &Pending) -> Result<Heard, NotAnswered> {
        let begun = self.clock().monotonic();
        let mut pauses = PAUSES.iter().chain(std::iter::repeat(&PAUSES[2]));
        loop {
            let heard = self.send_once(pending.query.claims(), pending.query.jws().as_str()).await?;
            let spent = self.clock().monotonic().saturating_sub(begun);
            let alive = pending.query.claims().exp > self.now().numeric();
            match pauses.next() {
                Some(pause) if matches!(heard, Heard::NotYet(_)) && alive && spent + *pause < PATIENCE => {
                    self.clock().sleep(*pause).await;
                }
                _ => return Ok(heard),
            }
        }
    }

    /// Sends once.
    ///
    /// # Errors
    /// If the directory does not vouch for the provider now.
    pub(crate) async fn send_once(&self, query: &Query, jws: &str) -> Result<Heard, NotAnswered> {
        let directory = self.directory();
        let provider = directory.peer(&query.aud, self.now())?;
        let client = self.peer_client(provider.entity())?;
        Ok(post(&client, &provider.gateway().query_endpoint, jws).await)
    }
}

async fn post(client: &PeerClient, endpoint: &str, jws: &str) -> Heard {
    match client.post(endpoint, QUERY_TYPE, jws.as_bytes().to_vec()).await {
        Ok(reply) => heard(reply),
        Err(error @ (HttpError::TooLarge(_) | HttpError::Encoded)) => {
            tracing::warn!(%error, "a peer's answer is not taken");
            Heard::NotYet(Code::PeerAnswerInvalid)
        }
        Err(error) => {
            tracing::info!(%error, "a query was not answered");
            Heard::NotYet(Code::PeerUnavailable)
        }
    }
}

fn heard(reply: Reply) -> Heard {
    if reply.status == 200 {
        return Heard::Answer(reply.body);
    }
    let said = serde_json::from_slice::<Problem>(&reply.body).ok().map(|problem| problem.code);
    match said {
        Some(code) if is_final(code) => Heard::Never(code),
        Some(code @ (Code::Overloaded | Code::TooManyRequests | Code::DirectoryOutdated)) => Heard::NotYet(code),
        _ => Heard::NotYet(Code::PeerUnavailable),
    }
}

/// Whether these bytes can get no answer any more, whatever happens later.
const fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::Replayed
            | Code::TokenMalformed
            | Code::TokenTypeWrong
            | Code::VersionUnsupported
            | Code::SignatureInvalid
            | Code::PeerCertificateMismatch
            | Code::PeerSuspended
            | Code::RequestTooLarge
            | Code::MediaTypeUnsupported
            | Code::ConsentRevoked
            | Code::ConsentPaused
            | Code::BindingSuspended
            | Code::BindingRevoked
            | Code::GuardianshipInvalid
            | Code::LawNotRegistered
    )
}

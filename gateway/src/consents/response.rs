//! What a wallet answers: consents that are exactly what was asked, or no.
//!
//! Order: the request by the key that the response was sealed to → waiting → the response opens → the request object that was
//! shown → the session's binding: who answers, over that object's nonce and terms → its status → each consent against what
//! was asked → one commit that decides the request. Nothing of a response that fails is kept.

mod compare;
mod form;

use protocol::{
    consent::Refusal,
    credential::{
        VerifiedBinding, VerifiedConsent,
        binding::{self, DirectoryKeys, Expected},
        vc,
    },
    seal::{self, Limits, encode_base64url, freshness::SKEW},
};
use schemas::{
    digest::Digest,
    id::MessageId,
    openid::{AuthorizationResponse, BINDING_QUERY_ID},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{client_id, request_object::authorize_waiting, transaction_data};
use crate::{
    app::App,
    directory::DirectorySnapshot,
    keys::Keys,
    store::{
        consents::{
            held::{HeldConsent, NewHeld, held_insert},
            requests::{
                RequestStoreError, ServedObject, StoredRequest, object_find, request_decide, request_find,
                request_of_key,
            },
        },
        fetching::ask_answered,
    },
};
use form::Answer;

/// A response was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// Why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its rows could not be read or kept.
    #[error(transparent)]
    Store(#[from] RequestStoreError),
}

impl From<DatabaseError> for ResponseError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// A consent that is what was asked, with the presentation for its provider.
struct Accepted {
    consent: VerifiedConsent,
    tokens: HeldConsent,
}

impl App {
    /// Takes a wallet's answer.
    ///
    /// # Errors
    /// `request-malformed`, `token-malformed`, `not-found`, `request-expired`, `conflict` (decided before, or a consent that is
    /// not what was asked), `stale`, `binding-…`, `consent-wrong-subject`, and the codes of the consent's token.
    pub(crate) async fn consent_response(&self, form: &[u8]) -> Result<(), ResponseError> {
        match form::parse(form)? {
            Answer::Denied(state) => self.decide_denied(state).await,
            Answer::Sealed(sealed) => {
                let key = form::receiver(&sealed)?;
                let (keys, now) = (self.keys().clone(), self.now());
                let found = self.db().read(move |conn| request_of_key(conn, &keys, &key)).await?;
                let request = found.ok_or(Refusal::new(Code::NotFound, "there is no such request"))?;
                authorize_waiting(&request, now)?;
                let opened = seal::open_plain(&sealed, &request.key, Limits::PRESENTATION);
                let response = opened.map_err(|error| Refusal::new(error.code(), "the response does not open"))?;
                self.accept(request, response, now).await
            }
        }
    }

    async fn decide_denied(&self, id: MessageId) -> Result<(), ResponseError> {
        let (keys, now) = (self.keys().clone(), self.now());
        self.db()
            .write(move |conn| {
                let request = request_find(conn, &keys, &id)?.ok_or(Refusal::new(Code::NotFound, "no such request"))?;
                authorize_waiting(&request, now)?;
                decide(conn, &id, false, now)
            })
            .await
    }

    async fn accept(
        &self,
        request: StoredRequest,
        response: AuthorizationResponse,
        now: Timestamp,
    ) -> Result<(), ResponseError> {
        if response.state != request.id.as_str() {
            return Err(Refusal::new(Code::Conflict, "the response names another request").into());
        }
        let directory = self.directory();
        let consents = self.verify_consents(&request, &response)?;
        let digest = consents.first().map(|consent| consent.notice().request);
        let served = self.served_object(&request.id, digest).await?;
        let session = self.verify_session(&request, &response, &served, &directory, now)?;
        self.authorize_in_force(&session).await?;
        let shown =
            compare::Shown { request: &request, object: digest, served: served.served, session: session.key(), now };
        let mut accepted = Vec::with_capacity(consents.len());
        for ((place, consent), binding) in consents.into_iter().enumerate().zip(response.consent_bindings) {
            self.authorize_as_asked(place, &consent, &shown, &directory)?;
            let tokens = HeldConsent { consent: consent.compact().clone(), binding };
            accepted.push(Accepted { consent, tokens });
        }
        let keys = self.keys().clone();
        self.db().write(move |conn| keep(conn, &keys, &request.id, &accepted, now)).await
    }

    fn verify_consents(
        &self,
        request: &StoredRequest,
        response: &AuthorizationResponse,
    ) -> Result<Vec<VerifiedConsent>, Refusal> {
        let items = request.terms.items.len();
        if response.consents.len() != items || response.consent_bindings.len() != items {
            return Err(Refusal::new(Code::Conflict, "not one consent and one presentation for each item"));
        }
        if response.consent_bindings.iter().any(|sealed| sealed.as_str().len() > Limits::BINDING.bytes * 2) {
            return Err(Refusal::new(Code::TokenMalformed, "a sealed presentation is too long"));
        }
        let anchor = &self.trust_root().entity;
        let verify =
            |jws| vc::verify(jws, anchor).map_err(|error| Refusal::new(error.code(), "a consent does not verify"));
        response.consents.iter().map(verify).collect()
    }

    /// The request object that was shown, which must be one that we served for this request.
    async fn served_object(&self, request: &MessageId, digest: Option<Digest>) -> Result<ServedObject, ResponseError> {
        let unknown = Refusal::new(Code::Conflict, "the consent names another request object");
        let digest = digest.ok_or(unknown)?;
        let request = request.clone();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(object_find(conn, &request, &digest)?)).await?;
        Ok(found.ok_or(unknown)?)
    }

    /// Who answers: a binding by an identity registry of this federation, shown to us over that object's nonce and terms.
    fn verify_session(
        &self,
        request: &StoredRequest,
        response: &AuthorizationResponse,
        served: &ServedObject,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<VerifiedBinding, Refusal> {
        let invalid = |because| Refusal::new(Code::BindingInvalid, because);
        let presentations = response.vp_token.get(BINDING_QUERY_ID).map(Vec::as_slice);
        let (1, Some([presentation])) = (response.vp_token.len(), presentations) else {
            return Err(Refusal::new(Code::BindingMissing, "not exactly one presentation of the binding"));
        };
        let keys = DirectoryKeys { directory: directory.members(), sector: &self.config().sector, now };
        let client = client_id(self.entity());
        let expected = Expected { audience: &client, nonce: &served.nonce, holder: None };
        let session = binding::verify(presentation, &keys, expected, now)
            .map_err(|error| Refusal::new(error.code(), "the session's binding does not verify"))?;
        let terms = encode_base64url(Digest::of(transaction_data(&request.terms)).as_bytes());
        if session.transaction_data_hashes() != [terms] {
            return Err(invalid("the session's binding covers other terms"));
        }
        if session.presented() < served.served.plus(-SKEW).numeric() {
            return Err(invalid("the session's binding was presented before the request was fetched"));
        }
        Ok(session)
    }
}

/// One transaction, one decision: all consents are kept, or none.
fn keep(
    conn: &mut AnyConnection,
    keys: &Keys,
    request: &MessageId,
    accepted: &[Accepted],
    now: Timestamp,
) -> Result<(), ResponseError> {
    decide(conn, request, true, now)?;
    for (place, accepted) in (0_i64..).zip(accepted) {
        let (id, valid_until) = (accepted.consent.id(), accepted.consent.valid_until());
        let new = NewHeld { id, request, place, tokens: &accepted.tokens, valid_until };
        if !held_insert(conn, keys, &new)? {
            return Err(Refusal::new(Code::Conflict, "a consent of this id is held already").into());
        }
    }
    Ok(())
}

fn decide(conn: &mut AnyConnection, request: &MessageId, given: bool, now: Timestamp) -> Result<(), ResponseError> {
    let decided = request_decide(conn, request, given, now).map_err(DatabaseError::from)?;
    if !decided {
        // It waited when it was read: somebody was faster.
        return Err(Refusal::new(Code::Conflict, "the request was answered before").into());
    }
    // A fact that a scheme needs may wait for this.
    ask_answered(conn, request, 0).map_err(DatabaseError::from)?;
    Ok(())
}

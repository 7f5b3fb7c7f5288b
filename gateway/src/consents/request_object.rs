//! The signed request that a wallet fetches: fresh for each fetch, with the wallet's nonce inside.

use protocol::{
    consent::Refusal,
    seal::{SealFailed, Typ, random, sign},
};
use schemas::{
    consent::BINDING_VCT,
    digest::Digest,
    federation::JwkSet,
    id::{CompactJws, MessageId},
    local::ConsentRequestState,
    openid::{
        BINDING_QUERY_ID, ClientMetadata, DcqlCredential, DcqlMeta, DcqlQuery, RequestObject, STATIC_WALLET_AUDIENCE,
    },
    problem::Code,
    time::Timestamp,
};
use serde_json::json;
use service_kit::db::DatabaseError;

use super::{client_id, transaction_data};
use crate::{
    app::App,
    store::consents::requests::{RequestStoreError, StoredRequest, object_insert, request_find},
};

/// How long a wallet may show one request object, seconds; then it fetches another.
pub(super) const LIFE: i64 = 600;
/// Longest nonce of a wallet, bytes.
const WALLET_NONCE: usize = 128;

/// There is no request object.
#[derive(Debug, thiserror::Error)]
pub enum RequestObjectError {
    /// Unknown, decided, ended, or fetched too often.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be signed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// Its row could not be kept.
    #[error(transparent)]
    Store(#[from] RequestStoreError),
}

impl From<DatabaseError> for RequestObjectError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// Refuses a request that was decided or has ended.
pub(super) fn authorize_waiting(request: &StoredRequest, now: Timestamp) -> Result<(), Refusal> {
    match request.state {
        ConsentRequestState::Waiting if request.expires > now => Ok(()),
        ConsentRequestState::Waiting | ConsentRequestState::Expired => {
            Err(Refusal::new(Code::RequestExpired, "nobody answered the request in time"))
        }
        ConsentRequestState::Given | ConsentRequestState::Denied => {
            Err(Refusal::new(Code::Conflict, "the request was answered before"))
        }
    }
}

impl App {
    /// Signs the request for a wallet that fetches it now.
    ///
    /// # Errors
    /// `not-found`, `request-expired`, `conflict` (decided), `too-many-requests`, `request-malformed` (the wallet's nonce).
    pub(crate) async fn request_object(
        &self,
        id: &MessageId,
        wallet_nonce: Option<String>,
    ) -> Result<CompactJws, RequestObjectError> {
        if wallet_nonce.as_ref().is_some_and(|nonce| nonce.is_empty() || nonce.len() > WALLET_NONCE) {
            return Err(Refusal::new(Code::RequestMalformed, "the wallet's nonce is empty or too long").into());
        }
        let (keys, wanted, now) = (self.keys().clone(), id.clone(), self.now());
        let found = self.db().read(move |conn| request_find(conn, &keys, &wanted)).await?;
        let request = found.ok_or(Refusal::new(Code::NotFound, "there is no such request"))?;
        authorize_waiting(&request, now)?;
        let nonce = random::nonce();
        let claims = self.request_claims(&request, wallet_nonce, &nonce, now);
        let object = sign(Typ::RequestObject, &self.keys().signing, &claims)?;
        let digest = Digest::of(object.as_str());
        let kept = self
            .db()
            .write(move |conn| Ok::<_, DatabaseError>(object_insert(conn, &request.id, &digest, &nonce, now)?));
        if !kept.await? {
            return Err(Refusal::new(Code::TooManyRequests, "the request was fetched too often").into());
        }
        Ok(object)
    }

    fn request_claims(
        &self,
        request: &StoredRequest,
        wallet_nonce: Option<String>,
        nonce: &str,
        now: Timestamp,
    ) -> RequestObject {
        let binding = DcqlCredential {
            id: BINDING_QUERY_ID.to_owned(),
            format: "dc+sd-jwt".to_owned(),
            meta: DcqlMeta { vct_values: vec![BINDING_VCT.to_owned()] },
            claims: Vec::new(),
        };
        RequestObject {
            iss: self.entity().clone(),
            aud: STATIC_WALLET_AUDIENCE.to_owned(),
            iat: now.numeric(),
            exp: now.plus(LIFE).min(request.expires).numeric(),
            client_id: client_id(self.entity()),
            response_type: "vp_token".to_owned(),
            response_mode: "direct_post.jwt".to_owned(),
            response_uri: format!("{}/consents/responses", self.config().public.people),
            nonce: nonce.to_owned(),
            state: request.id.to_string(),
            wallet_nonce,
            dcql_query: DcqlQuery { credentials: vec![binding] },
            client_metadata: ClientMetadata {
                jwks: JwkSet { keys: vec![request.key.public().jwk().clone()] },
                encrypted_response_enc_values_supported: vec!["A256GCM".to_owned()],
                vp_formats_supported: json!({ "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"] } }),
            },
            transaction_data: vec![transaction_data(&request.terms)],
        }
    }
}

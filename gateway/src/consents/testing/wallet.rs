//! A wallet of tests: it does what a wallet does, and lets a test change any part before it is sent.

use protocol::{
    credential::{
        HeldBinding, KeyBinding, asking,
        binding::seal_presentation,
        card::{self, Language, Offered},
        did,
        issuance::{DpopFor, prove_dpop, prove_key},
        vc::{self, ConsentDraft, presentation_nonce},
    },
    seal::{
        Algorithm, EncryptionKey, KeyReference, SigningKey, Typ, UnverifiedJws, VerifyingKey, decode_base64url,
        encode_base64url, random, seal_plain, sign_as,
    },
};
use schemas::{
    citizen::PresentationNonce,
    consent::{ConsentNotice, ConsentOrder, OrderAction},
    digest::Digest,
    id::{CompactJws, ConsentId, EntityId, KeyId},
    local::{AssistedOffer, BindingOffer, ConsentRequestView},
    openid::*,
    time::NumericDate,
    version::V1,
};
use url::Url;

use super::{
    CitizenWorld,
    world::{Answer, Serving},
};
use crate::store::identity::{
    offers::Invited,
    tokens::{NewToken, token_insert},
};

/// One key and its binding.
pub(crate) struct TestWallet {
    pub(crate) key: SigningKey,
    pub(crate) binding: HeldBinding,
}

/// A request object, as a wallet reads it.
pub(crate) struct Fetched {
    pub(crate) object: CompactJws,
    pub(crate) claims: RequestObject,
    pub(crate) asked: ConsentTransaction,
}

/// What shows at the registry that a wallet may have bindings.
pub(crate) struct Proofs {
    pub(crate) dpop: SigningKey,
    pub(crate) token: String,
}

/// The code of an offer.
pub(crate) fn code(offer: &BindingOffer) -> String {
    let url = Url::parse(&offer.offer).unwrap();
    let json = url.query_pairs().find(|(name, _)| name == "credential_offer").unwrap().1.into_owned();
    let offer: CredentialOffer = serde_json::from_str(&json).unwrap();
    offer.grants[PRE_AUTHORIZED_GRANT].code.clone()
}

impl Proofs {
    /// A DPoP proof for an address of the registry.
    pub(crate) fn dpop(world: &CitizenWorld, key: &SigningKey, path: &str, token: Option<&str>) -> String {
        let (url, now) = (format!("{}{path}", world.civil.entity), world.now());
        let made_for = DpopFor { method: "POST", url: &url, access_token: token };
        prove_dpop(key, made_for, &random::message_id(now), now.numeric()).unwrap().to_string()
    }

    /// Asks for a token.
    pub(crate) async fn redeem(world: &CitizenWorld, dpop: Option<&str>, code: &str, tx_code: &str) -> Answer {
        let form = [("grant_type", PRE_AUTHORIZED_GRANT), ("pre-authorized_code", code), ("tx_code", tx_code)];
        let headers: Vec<(&str, &str)> = dpop.map(|proof| ("DPoP", proof)).into_iter().collect();
        world.civil.post_form("/identity/token", &headers, &form).await
    }

    /// A token for a resident.
    pub(crate) async fn of(world: &CitizenWorld, resident: &str) -> Self {
        let offer = world.offer(resident).await;
        let dpop = SigningKey::generate(Algorithm::Es256).unwrap();
        let proof = Self::dpop(world, &dpop, "/identity/token", None);
        let token: TokenResponse = Self::redeem(world, Some(&proof), &code(&offer), &offer.tx_code).await.json();
        Self { dpop, token: token.access_token }
    }

    /// A token for an assisted session with a resident.
    pub(crate) async fn assisted(world: &CitizenWorld, resident: &str) -> Self {
        let terms = AssistedOffer {
            operator: world.social.entity.clone(),
            session: "01936b1e-5b2f-7c3d-8e4f-000000000031".parse().unwrap(),
            person: "op-7".parse().unwrap(),
        };
        Self::assisted_by(world, resident, terms).await
    }

    /// The same for one session.
    pub(crate) async fn assisted_by(world: &CitizenWorld, resident: &str, terms: AssistedOffer) -> Self {
        let (dpop, token) = (SigningKey::generate(Algorithm::Es256).unwrap(), random::token());
        let whose = Invited { resident: resident.parse().unwrap(), assisted: Some(terms) };
        let (app, made) = (world.civil.app().clone(), Self { dpop, token: token.clone() });
        let (kid, expires) = (made.dpop.kid().clone(), world.now().plus(600));
        let written = world.civil.app().db().write(move |conn| {
            token_insert(conn, app.keys(), &NewToken { token: &token, dpop_key: &kid, whose: &whose, expires })
        });
        written.await.unwrap();
        made
    }

    pub(crate) async fn nonce(world: &CitizenWorld) -> String {
        let nonce: NonceResponse = world.civil.post("/identity/nonce", "application/json", &[], "").await.json();
        nonce.c_nonce
    }

    /// Proofs of these keys over a nonce.
    pub(crate) fn prove(world: &CitizenWorld, keys: &[SigningKey], nonce: &str) -> Vec<CompactJws> {
        let now = world.now().numeric();
        keys.iter().map(|key| prove_key(key, &world.civil.entity, nonce, now).unwrap()).collect()
    }

    /// Asks for bindings.
    pub(crate) async fn issue(&self, world: &CitizenWorld, proofs: Vec<CompactJws>) -> Answer {
        let proof = Self::dpop(world, &self.dpop, "/identity/credential", Some(&self.token));
        self.issue_with(world, &proof, proofs).await
    }

    pub(crate) async fn issue_with(&self, world: &CitizenWorld, dpop: &str, proofs: Vec<CompactJws>) -> Answer {
        let request = CredentialRequest {
            credential_configuration_id: BINDING_CONFIGURATION.to_owned(),
            proofs: CredentialProofs { jwt: proofs },
        };
        let authorization = format!("DPoP {}", self.token);
        let headers = [("Authorization", authorization.as_str()), ("DPoP", dpop)];
        let body = serde_json::to_vec(&request).unwrap();
        world.civil.post("/identity/credential", "application/json", &headers, body).await
    }
}

impl TestWallet {
    /// Bound for a resident, with one key.
    pub(crate) async fn of(world: &CitizenWorld, resident: &str) -> Self {
        Self::batch(world, resident, 1).await.remove(0)
    }

    /// Bound with so many keys at once.
    pub(crate) async fn batch(world: &CitizenWorld, resident: &str, keys: usize) -> Vec<Self> {
        Self::bound(world, &Proofs::of(world, resident).await, keys).await
    }

    /// Bound with so many keys by a token.
    pub(crate) async fn bound(world: &CitizenWorld, proofs: &Proofs, keys: usize) -> Vec<Self> {
        let keys: Vec<SigningKey> = (0..keys).map(|_| SigningKey::generate(Algorithm::Es256).unwrap()).collect();
        let proven = Proofs::prove(world, &keys, &Proofs::nonce(world).await);
        let issued: CredentialResponse = proofs.issue(world, proven).await.json();
        assert_eq!(issued.credentials.len(), keys.len());
        let registry = registry_key(world);
        let receive = |(key, issued): (SigningKey, IssuedCredential)| {
            let binding = HeldBinding::receive(&issued.credential, &registry, key.public()).unwrap();
            Self { key, binding }
        };
        keys.into_iter().zip(issued.credentials).map(receive).collect()
    }

    /// Fetches a request as a wallet does.
    pub(crate) async fn fetch(world: &CitizenWorld, view: &ConsentRequestView) -> Fetched {
        let path = format!("/consents/requests/{}", view.id);
        let object = world.social.post_form(&path, &[], &[("wallet_nonce", "w-1")]).await.text();
        let object: CompactJws = object.parse().unwrap();
        let token = UnverifiedJws::of(&object, protocol::seal::Limits::QUERY).unwrap();
        let claims: RequestObject =
            token.verify(Typ::RequestObject, world.social.app().keys().signing.public()).unwrap().claims().unwrap();
        let asked = serde_json::from_slice(&decode_base64url(&claims.transaction_data[0]).unwrap()).unwrap();
        Fetched { object, claims, asked }
    }

    /// What she would sign, for the first item.
    pub(crate) fn draft(&self, world: &CitizenWorld, fetched: &Fetched) -> ConsentDraft {
        let (directory, now) = (world.social.app().directory(), world.now());
        let asked = &fetched.asked;
        let purpose = directory.purpose(&asked.purpose, &asked.purpose_version, now).unwrap().unwrap();
        let provider = directory.members().member(&world.revenue.entity).unwrap();
        let dataset = provider.dataset(&asked.items[0].dataset).unwrap();
        let offered = [Offered { provider: provider.gateway(), dataset }];
        let text = card::text(asked, purpose, &offered, Language::Hindi);
        ConsentDraft {
            id: random::consent_id(now),
            valid_from: now,
            valid_until: asking::ends(asked.validity, now),
            terms: asking::terms(asked, &asked.items[0], &world.social.entity, purpose, "hi").unwrap(),
            notice: ConsentNotice {
                r#type: "ConsentNotice".to_owned(),
                notice: card::digest(&text),
                locale: "hi".to_owned(),
                request: Digest::of(fetched.object.as_str()),
                shown_at: now,
                wallet: Digest::of("wallet"),
                assistance: None,
            },
        }
    }

    pub(crate) fn key_binding(
        aud: &str,
        nonce: &str,
        iat: NumericDate,
        transaction_data_hashes: Vec<String>,
    ) -> KeyBinding {
        KeyBinding { aud: aud.to_owned(), nonce: nonce.to_owned(), iat, transaction_data_hashes }
    }

    /// Signs a draft and seals a presentation beside it; the session shows this wallet's binding.
    pub(crate) fn response(
        &self,
        world: &CitizenWorld,
        fetched: &Fetched,
        draft: ConsentDraft,
    ) -> AuthorizationResponse {
        let anchor = &world.social.app().trust_root().entity;
        let consent = vc::issue(draft, anchor, &self.key).unwrap();
        let verified = vc::verify(&consent, anchor).unwrap();
        let now = world.now().numeric();
        let directory = world.social.app().directory();
        let provider = directory.members().member(&world.revenue.entity).unwrap();
        let to = Self::key_binding(world.revenue.entity.as_str(), &presentation_nonce(&consent), now, Vec::new());
        let presentation = self.binding.present_subject(provider.sector(), &to, &self.key).unwrap();
        let binding = seal_presentation(&presentation, &verified, provider.encryption_key()).unwrap();
        AuthorizationResponse {
            state: fetched.claims.state.clone(),
            vp_token: [(BINDING_QUERY_ID.to_owned(), vec![self.session(world, fetched)])].into(),
            consents: vec![consent],
            consent_bindings: vec![binding],
        }
    }

    /// The session's presentation.
    pub(crate) fn session(&self, world: &CitizenWorld, fetched: &Fetched) -> String {
        let hash = encode_base64url(Digest::of(&fetched.claims.transaction_data[0]).as_bytes());
        let to = Self::key_binding(&fetched.claims.client_id, &fetched.claims.nonce, world.now().numeric(), vec![hash]);
        self.binding.present(&[], &to, &self.key).unwrap()
    }

    /// Seals a response and posts it.
    pub(crate) async fn post(world: &CitizenWorld, fetched: &Fetched, response: &AuthorizationResponse) -> Answer {
        let receiver = EncryptionKey::from_jwk(&fetched.claims.client_metadata.jwks.keys[0]).unwrap();
        let sealed = seal_plain(&receiver, response).unwrap();
        world.social.post_form("/consents/responses", &[], &[("response", sealed.as_str())]).await
    }

    /// Consents to a request of the portal; the consent and its id.
    pub(crate) async fn consent(&self, world: &CitizenWorld) -> (ConsentId, CompactJws) {
        let view = world.ask().await;
        let fetched = Self::fetch(world, &view).await;
        let response = self.response(world, &fetched, self.draft(world, &fetched));
        Self::post(world, &fetched, &response).await.json::<serde_json::Value>();
        (world.view(&view.id).await.consents.remove(0), response.consents[0].clone())
    }

    /// Orders something about a consent.
    pub(crate) fn order(
        &self,
        world: &CitizenWorld,
        consent: &CompactJws,
        action: OrderAction,
        n: u32,
    ) -> ConsentOrder {
        let now = world.now();
        ConsentOrder {
            v: V1,
            iss: did::encode(self.key.public()).unwrap(),
            aud: vec![world.social.entity.clone(), world.revenue.entity.clone()],
            iat: now.numeric(),
            jti: random::message_id(now),
            consent: consent.clone(),
            action,
            until: None,
            n,
        }
    }

    pub(crate) fn sign(&self, order: &ConsentOrder) -> CompactJws {
        let url = did::key_url(&order.iss);
        sign_as(Typ::ConsentOrder, &self.key, KeyReference::Url(&url), order).unwrap()
    }

    /// Posts an order to a department.
    pub(crate) async fn send(to: &Serving, order: &CompactJws) -> Answer {
        to.post("/citizen/v1/orders", "application/consent-order+jwt", &[], order.as_str()).await
    }

    /// A presentation to a department over a nonce of it.
    pub(crate) async fn present(&self, world: &CitizenWorld, to: &Serving, disclose: &[&str]) -> String {
        let nonce: PresentationNonce = to.post("/citizen/v1/nonce", "application/json", &[], "").await.json();
        self.present_over(world, &to.entity, &nonce.nonce, disclose)
    }

    pub(crate) fn present_over(&self, world: &CitizenWorld, to: &EntityId, nonce: &str, disclose: &[&str]) -> String {
        let bound = Self::key_binding(to.as_str(), nonce, world.now().numeric(), Vec::new());
        self.binding.present(disclose, &bound, &self.key).unwrap()
    }
}

fn registry_key(world: &CitizenWorld) -> impl Fn(&EntityId, &KeyId, NumericDate) -> Option<VerifyingKey> {
    let (entity, key) = (world.civil.entity.clone(), world.civil.app().keys().signing.public().clone());
    move |issuer, kid, _| (*issuer == entity && kid == key.kid()).then(|| key.clone())
}

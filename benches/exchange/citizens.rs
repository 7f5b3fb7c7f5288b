//! A thousand citizens with wallets of their own: each is bound by the identity registry and consents to one request.
//!
//! Guarantees: every binding is issued (OpenID4VCI) and every consent asked for and given (OpenID4VP) through the very endpoints that
//! a wallet uses, with keys of her own. Deliberately absent: a wallet's files; nothing of a citizen is kept but her consent's id.

use std::sync::Arc;

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::{
    credential::{
        HeldBinding, KeyBinding, asking,
        binding::{DirectoryKeys, seal_presentation},
        card::{self, Language, Offered},
        issuance::{DpopFor, prove_dpop, prove_key},
        vc,
    },
    federation::VerifiedMember,
    seal::{
        Algorithm, EncryptionKey, Limits, SigningKey, Typ, UnverifiedJws, decode_base64url, encode_base64url, random,
        seal_plain,
    },
};
use schemas::{
    consent::ConsentNotice,
    digest::Digest,
    id::{CompactJwe, CompactJws, ConsentId},
    local::{BindingOffer, ConsentRequestView},
    openid::{
        AuthorizationResponse, BINDING_CONFIGURATION, BINDING_QUERY_ID, ConsentTransaction, CredentialOffer,
        CredentialProofs, CredentialRequest, CredentialResponse, NonceResponse, PRE_AUTHORIZED_GRANT, RequestObject,
        TokenResponse,
    },
};
use serde_json::json;
use service_kit::clock::Clock;
use url::{Url, form_urlencoded};
use vinimay::world::LocalClient;

use crate::{
    directory::{Known, body},
    federation::{DATASET, FIELD, Federation, PURPOSE},
};

/// Wallets at work at a time.
const AT_A_TIME: usize = 16;
const ANSWER_BYTES: usize = 1 << 18;
const FORM: &str = "application/x-www-form-urlencoded";
const LANGUAGE: &str = "hi";

/// One consent each.
///
/// # Errors
/// If a step refuses.
pub async fn consents(federation: &Federation, people: usize, clock: &Clock) -> anyhow::Result<Vec<ConsentId>> {
    let known = Known::fetch(federation, AT_A_TIME, clock.now()).await?;
    let member = |entity| known.members.member(entity).cloned().context("a department is not in the directory");
    let wallets = Arc::new(Wallets {
        civil: member(federation.civil.entity())?,
        revenue: member(federation.revenue.entity())?,
        social: member(federation.social.entity())?,
        desk: federation.civil.portal(0)?,
        portal: federation.social.portal(0)?,
        clock: clock.clone(),
        known,
    });
    let citizens = stream::iter(0..people).map(|number| {
        let wallets = Arc::clone(&wallets);
        async move { wallets.citizen(number).await.with_context(|| format!("citizen {number}")) }
    });
    citizens.buffer_unordered(AT_A_TIME).try_collect().await
}

struct Wallets {
    known: Known,
    civil: VerifiedMember,
    revenue: VerifiedMember,
    social: VerifiedMember,
    desk: LocalClient,
    portal: LocalClient,
    clock: Clock,
}

/// What a wallet is shown, and the token that showed it.
struct Shown {
    object: CompactJws,
    request: RequestObject,
    asked: ConsentTransaction,
}

impl Wallets {
    async fn citizen(&self, number: usize) -> anyhow::Result<ConsentId> {
        let key = SigningKey::generate(Algorithm::Es256)?;
        let binding = self.bind(number, &key).await.context("binding")?;
        self.grant(&key, &binding).await.context("consent")
    }

    async fn bind(&self, number: usize, key: &SigningKey) -> anyhow::Result<HeldBinding> {
        let resident = json!({ "resident": format!("SYN-R{number:06}") });
        let offer: BindingOffer =
            serde_json::from_slice(&body(self.desk.post("/v1/binding-offers", &[], &resident).await?)?)?;
        let session = SigningKey::generate(Algorithm::Es256)?;
        let token = self.redeem(&offer, &session).await?;
        let nonce: NonceResponse =
            serde_json::from_slice(&self.post(&self.at_civil("nonce")?, FORM, &[], Vec::new()).await?)?;
        let now = self.clock.now();
        let proof = prove_key(key, self.civil.entity(), &nonce.c_nonce, now.numeric())?;
        let request = CredentialRequest {
            credential_configuration_id: BINDING_CONFIGURATION.to_owned(),
            proofs: CredentialProofs { jwt: vec![proof] },
        };
        let url = self.at_civil("credential")?;
        let dpop = self.dpop(&session, &url, Some(&token.access_token))?;
        let headers = [("Authorization", format!("DPoP {}", token.access_token)), ("DPoP", dpop)];
        let issued = self.post(&url, "application/json", &headers, serde_json::to_vec(&request)?).await?;
        let issued: CredentialResponse = serde_json::from_slice(&issued)?;
        let issued = issued.credentials.first().context("no binding was issued")?;
        let registries = DirectoryKeys { directory: &self.known.members, sector: self.revenue.sector(), now };
        Ok(HeldBinding::receive(&issued.credential, &registries, key.public())?)
    }

    async fn redeem(&self, offer: &BindingOffer, session: &SigningKey) -> anyhow::Result<TokenResponse> {
        let link: CredentialOffer = serde_json::from_str(&parameter(&offer.offer, "credential_offer")?)?;
        let code = &link.grants.get(PRE_AUTHORIZED_GRANT).context("the offer has no code")?.code;
        let form =
            form(&[("grant_type", PRE_AUTHORIZED_GRANT), ("pre-authorized_code", code), ("tx_code", &offer.tx_code)]);
        let url = self.at_civil("token")?;
        let dpop = self.dpop(session, &url, None)?;
        Ok(serde_json::from_slice(&self.post(&url, FORM, &[("DPoP", dpop)], form).await?)?)
    }

    fn dpop(&self, session: &SigningKey, url: &Url, access_token: Option<&str>) -> anyhow::Result<String> {
        let now = self.clock.now();
        let made_for = DpopFor { method: "POST", url: url.as_str(), access_token };
        Ok(prove_dpop(session, made_for, &random::message_id(now), now.numeric())?.to_string())
    }

    fn at_civil(&self, what: &str) -> anyhow::Result<Url> {
        Ok(format!("{}/identity/{what}", self.civil.entity()).parse()?)
    }

    async fn post(
        &self,
        url: &Url,
        media_type: &str,
        headers: &[(&str, String)],
        content: Vec<u8>,
    ) -> anyhow::Result<Vec<u8>> {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = self.known.client.post_with(url, media_type, &headers, content, ANSWER_BYTES).await?;
        body(reply).with_context(|| url.path().to_owned())
    }

    async fn grant(&self, key: &SigningKey, binding: &HeldBinding) -> anyhow::Result<ConsentId> {
        let order = json!({
            "purpose": PURPOSE,
            "items": [{ "provider": self.revenue.entity(), "dataset": DATASET, "fields": [FIELD],
                        "dataRange": { "from": "2025-04-01", "to": "2026-03-31" } }],
            "validity": "P90D",
            "frequency": { "mode": "recurring", "maxUses": 1_000_000 },
            "retention": "P180D",
        });
        let asked: ConsentRequestView =
            serde_json::from_slice(&body(self.portal.post("/v1/consent-requests", &[], &order).await?)?)?;
        let shown = self.shown(&asked.link).await?;
        let (id, consent) = self.sign(&shown, key)?;
        let response = self.response(&shown, consent, key, binding)?;
        let form = form(&[("response", response.as_str())]);
        self.post(&shown.request.response_uri.parse()?, FORM, &[], form).await?;
        Ok(id)
    }

    /// Fetches the request and checks who signed it.
    async fn shown(&self, link: &str) -> anyhow::Result<Shown> {
        let url = parameter(link, "request_uri")?.parse()?;
        let object = self.post(&url, FORM, &[], form(&[("wallet_nonce", &random::nonce())])).await?;
        let object: CompactJws = String::from_utf8(object)?.parse()?;
        let token = UnverifiedJws::of(&object, Limits::PRESENTATION)?;
        let kid = token.claimed_issuer().key_id().context("the request names no key")?;
        let signer = self.social.signing_key(&kid, self.clock.now().numeric(), None)?;
        let request: RequestObject = token.verify(Typ::RequestObject, signer)?.claims()?;
        let terms = request.transaction_data.first().context("the request has no terms")?;
        let asked = serde_json::from_slice(&decode_base64url(terms)?)?;
        Ok(Shown { object, request, asked })
    }

    fn sign(&self, shown: &Shown, key: &SigningKey) -> anyhow::Result<(ConsentId, CompactJws)> {
        let (now, purpose) = (self.clock.now(), &self.known.purpose);
        let item = shown.asked.items.first().context("the request has no item")?;
        let terms = asking::terms(&shown.asked, item, self.social.entity(), purpose, LANGUAGE)
            .context("the purpose has no text")?;
        let dataset = self.revenue.dataset(&item.dataset).context("the dataset is not offered")?;
        let offered = [Offered { provider: self.revenue.gateway(), dataset }];
        let language: Language = LANGUAGE.parse().ok().context("the language")?;
        let notice = ConsentNotice {
            r#type: "ConsentNotice".to_owned(),
            notice: card::digest(&card::text(&shown.asked, purpose, &offered, language)),
            locale: LANGUAGE.to_owned(),
            request: Digest::of(shown.object.as_str()),
            shown_at: now,
            wallet: Digest::of("the benchmark's wallets"),
            assistance: None,
        };
        let (id, valid_until) = (random::consent_id(now), asking::ends(shown.asked.validity, now));
        let draft = vc::ConsentDraft { id: id.clone(), valid_from: now, valid_until, terms, notice };
        Ok((id, vc::issue(draft, &self.known.anchor, key)?))
    }

    /// The consent, the presentation that goes with it to the provider, and the one for the session, sealed to the asker.
    fn response(
        &self,
        shown: &Shown,
        consent: CompactJws,
        key: &SigningKey,
        binding: &HeldBinding,
    ) -> anyhow::Result<CompactJwe> {
        let iat = self.clock.now().numeric();
        let to = KeyBinding {
            aud: self.revenue.entity().to_string(),
            nonce: vc::presentation_nonce(&consent),
            iat,
            transaction_data_hashes: Vec::new(),
        };
        let presented = binding.present_subject(self.revenue.sector(), &to, key)?;
        let verified = vc::verify(&consent, &self.known.anchor)?;
        let sealed = seal_presentation(&presented, &verified, self.revenue.encryption_key())?;
        let RequestObject { client_id, nonce, state, client_metadata, transaction_data, .. } = &shown.request;
        let hash = |terms: &String| encode_base64url(Digest::of(terms.as_str()).as_bytes());
        let transaction_data_hashes = transaction_data.iter().map(hash).collect();
        let session = KeyBinding { aud: client_id.clone(), nonce: nonce.clone(), iat, transaction_data_hashes };
        let response = AuthorizationResponse {
            state: state.clone(),
            vp_token: [(BINDING_QUERY_ID.to_owned(), vec![binding.present(&[], &session, key)?])].into(),
            consents: vec![consent],
            consent_bindings: vec![sealed],
        };
        let receiver = EncryptionKey::from_jwk(client_metadata.jwks.keys.first().context("the request has no key")?)?;
        Ok(seal_plain(&receiver, &response)?)
    }
}

/// A parameter of a link such as `openid4vp://?request_uri=…`.
fn parameter(link: &str, name: &str) -> anyhow::Result<String> {
    let (_, query) = link.split_once('?').context("the link has no parameters")?;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).with_context(|| format!("the link has no {name}"))
}

fn form(parameters: &[(&str, &str)]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish().into_bytes()
}

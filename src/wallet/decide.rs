//! She decides: consents that are what was shown, one for each provider, or no.

use protocol::{
    credential::{
        HeldBinding, KeyBinding, asking,
        binding::seal_presented,
        card::{self, Language},
        guardianship,
        vc::{self, ConsentDraft, presentation_nonce},
    },
    federation::VerifiedMember,
    seal::{EncryptionKey, SigningKey, encode_base64url, random, seal_plain},
};
use schemas::{
    citizen::{NonceKind, NonceRequest, PresentationNonce},
    consent::{BindingPresentation, ConsentNotice, ConsentStatus, ConsentTerms},
    digest::Digest,
    id::{CompactJwe, CompactJws, ConsentId, EntityId},
    openid::{AuthorizationResponse, BINDING_QUERY_ID, TransactionItem},
    time::Timestamp,
};
use serde::Serialize;

use super::{
    Federation, Home, WalletError, build,
    federation::registry_keys,
    home::{BoundKey, KeptConsent, ShownRequest, Use},
    post::Party,
    request::{VerifiedRequest, shown_or_fetched},
    wards,
};

/// What she gave.
#[derive(Clone, Debug, Serialize)]
pub struct Granted {
    /// Who asked.
    pub consumer: EntityId,
    /// One consent for each provider and dataset.
    pub consents: Vec<ConsentId>,
    /// What she read.
    pub text: String,
}

/// Consents to a request, as it was shown; a request that was never shown, or has ended, is fetched and shown now.
///
/// # Errors
/// If the request is not to be trusted, there is no key for this department, the register names no such ward of hers, or the
/// department refuses.
pub async fn grant(
    home: &Home,
    federation: &Federation,
    link: &str,
    language: Language,
    ward: Option<&str>,
) -> Result<Granted, WalletError> {
    let (request, shown) = shown_or_fetched(home, federation, link, language).await?;
    for_whom(request.asked.for_ward, ward)?;
    let language: Language =
        shown.language.parse().map_err(|_| WalletError::Usage("what was shown cannot be read".to_owned()))?;
    let mut signer = Signer::of(home, federation, request.consumer.entity()).await?;
    if let Some(name) = ward {
        let issued = wards::of_key(federation, &signer.registry, &signer.key, &signer.binding).await?;
        signer.guardianship = Some(wards::choose(&issued, name)?);
    }
    let text = request.text(language);
    let context =
        Context { federation, request: &request, shown: &shown, text: &text, language, build: build::digest(home)? };
    let mut signed = Vec::with_capacity(request.asked.items.len());
    for (item, (provider, _)) in request.asked.items.iter().zip(&request.providers) {
        let live = if request.needs_presence() { Some(live_nonce(federation, provider).await?) } else { None };
        signed.push(signer.consent(&context, item, provider, live.as_deref())?);
    }
    let response = signer.respond(&context, &signed)?;
    let kept: Vec<(ConsentId, KeptConsent)> =
        signed.into_iter().map(|signed| signed.keep(&request, &signer.key, &text)).collect();
    // Before anything leaves: whatever becomes of the answer, she can revoke what she signed.
    for (id, consent) in &kept {
        home.consent_replace(id, consent)?;
    }
    let party = Party { member: &request.consumer, http: federation.http(&request.consumer)? };
    party.form(&request.claims.response_uri, &[], &[("response", response.as_str())]).await?;
    for (id, consent) in &kept {
        home.consent_replace(id, &KeptConsent { delivered: true, ..consent.clone() })?;
    }
    let consents = kept.into_iter().map(|(id, _)| id).collect();
    Ok(Granted { consumer: request.consumer.entity().clone(), consents, text })
}

/// A department that asks about her asks for her own word, and one that asks about a ward for a guardian's.
fn for_whom(for_ward: bool, ward: Option<&str>) -> Result<(), WalletError> {
    let problem = match (for_ward, ward) {
        (true, None) => "the department asks about a ward; mend: name her with --ward, see `vinimay wallet wards`",
        (false, Some(_)) => "the department asks about yourself; mend: leave --ward out, or let it ask about your ward",
        (true, Some(_)) | (false, None) => return Ok(()),
    };
    Err(WalletError::Usage(problem.to_owned()))
}

/// Says no.
///
/// # Errors
/// If the request is not to be trusted, or the department does not take the answer.
pub async fn deny(
    home: &Home,
    federation: &Federation,
    link: &str,
    language: Language,
) -> Result<EntityId, WalletError> {
    let (request, _) = shown_or_fetched(home, federation, link, language).await?;
    let party = Party { member: &request.consumer, http: federation.http(&request.consumer)? };
    let form = [("error", "access_denied"), ("state", request.claims.state.as_str())];
    party.form(&request.claims.response_uri, &[], &form).await?;
    Ok(request.consumer.entity().clone())
}

/// What all consents of one answer share.
struct Context<'a> {
    federation: &'a Federation,
    request: &'a VerifiedRequest,
    shown: &'a ShownRequest,
    text: &'a str,
    language: Language,
    build: Digest,
}

/// A consent with the presentation for its provider.
struct Signed {
    id: ConsentId,
    consent: CompactJws,
    binding: CompactJwe,
    provider: EntityId,
}

impl Signed {
    fn keep(self, request: &VerifiedRequest, key: &SigningKey, text: &str) -> (ConsentId, KeptConsent) {
        let kept = KeptConsent {
            consent: self.consent,
            kid: key.kid().clone(),
            consumer: request.consumer.entity().clone(),
            provider: self.provider,
            text: text.to_owned(),
            delivered: false,
            status: ConsentStatus::Active,
            n: 0,
            orders: Vec::new(),
        };
        (self.id, kept)
    }
}

/// A nonce over which she proves that she is present now.
async fn live_nonce(federation: &Federation, provider: &VerifiedMember) -> Result<String, WalletError> {
    let party = Party { member: provider, http: federation.http(provider)? };
    let url = format!("{}/nonce", provider.gateway().citizen_endpoint);
    let nonce: PresentationNonce =
        party.read(&party.json(&url, &[], &NonceRequest { kind: NonceKind::Live }).await?)?;
    Ok(nonce.nonce)
}

/// The key and the binding for one department, and the guardianship if she decides for a ward.
struct Signer {
    key: SigningKey,
    binding: HeldBinding,
    registry: EntityId,
    guardianship: Option<String>,
}

impl Signer {
    /// Hers for this department; at its first request a spare one becomes its own for ever.
    async fn of(home: &Home, federation: &Federation, consumer: &EntityId) -> Result<Self, WalletError> {
        let mut bindings = home.bindings()?;
        let own = Use::Consumer(consumer.clone());
        let place = |purpose: &Use, bindings: &[BoundKey]| bindings.iter().position(|bound| bound.purpose == *purpose);
        let found = place(&own, &bindings).or_else(|| place(&Use::Spare, &bindings));
        let bound = found.and_then(|place| bindings.get_mut(place)).ok_or_else(|| {
            WalletError::Usage(format!("the wallet has no key for {consumer}; mend: ask the identity registry for a new invitation and `wallet bind` it"))
        })?;
        bound.purpose = own;
        let bound = bound.clone();
        home.bindings_replace(&bindings)?;
        let (key, binding) = open_binding(home, federation, &bound).await?;
        Ok(Self { key, binding, registry: bound.registry, guardianship: None })
    }

    /// What the consent says: about herself, or about her ward.
    fn terms(&self, context: &Context<'_>, item: &TransactionItem) -> Result<ConsentTerms, WalletError> {
        let (request, language) = (context.request, context.language.code());
        let (asked, consumer, purpose) = (&request.asked, request.consumer.entity(), &request.purpose);
        let terms = match &self.guardianship {
            None => asking::terms(asked, item, consumer, purpose, language),
            Some(token) => {
                let signed = Digest::of(token.split('~').next().unwrap_or_default());
                asking::ward_terms(asked, item, consumer, purpose, language, signed)
            }
        };
        terms.ok_or_else(|| WalletError::Untrusted("the purpose has no text in this language".to_owned()))
    }

    fn consent(
        &self,
        context: &Context<'_>,
        item: &TransactionItem,
        provider: &VerifiedMember,
        live: Option<&str>,
    ) -> Result<Signed, WalletError> {
        let Context { federation, request, shown, .. } = context;
        let (now, terms) = (federation.now(), self.terms(context, item)?);
        let draft = ConsentDraft {
            id: random::consent_id(now),
            valid_from: now,
            valid_until: asking::ends(request.asked.validity, now),
            terms,
            notice: ConsentNotice {
                r#type: "ConsentNotice".to_owned(),
                notice: card::digest(context.text),
                locale: context.language.code().to_owned(),
                request: Digest::of(request.object.as_str()),
                shown_at: shown.shown_at,
                wallet: context.build,
                assistance: None,
            },
        };
        let id = draft.id.clone();
        let consent = vc::issue(draft, federation.anchor(), &self.key)?;
        let verified =
            vc::verify(&consent, federation.anchor()).map_err(|error| WalletError::Untrusted(error.to_string()))?;
        let presented = self.presented(provider, &presentation_nonce(&consent), live, now)?;
        let binding = seal_presented(&presented, &verified, provider.encryption_key())?;
        Ok(Signed { id, consent, binding, provider: provider.entity().clone() })
    }

    /// What goes to the provider beside the consent.
    fn presented(
        &self,
        provider: &VerifiedMember,
        nonce: &str,
        live: Option<&str>,
        now: Timestamp,
    ) -> Result<BindingPresentation, WalletError> {
        let to = |nonce: &str| key_binding(provider.entity().as_str(), nonce, now, Vec::new());
        let show = |token: &String| guardianship::show(token, provider.sector());
        let guardianship = self.guardianship.as_ref().map(show).transpose();
        Ok(BindingPresentation {
            binding: self.binding.present_subject(provider.sector(), &to(nonce), &self.key)?,
            live: live.map(|nonce| self.binding.present(&[], &to(nonce), &self.key)).transpose()?,
            guardianship: guardianship.map_err(|error| WalletError::Untrusted(error.to_string()))?,
        })
    }

    /// The response, sealed to the request's key: who answers, showing nothing but that, over nonce and terms.
    fn respond(&self, context: &Context<'_>, signed: &[Signed]) -> Result<CompactJwe, WalletError> {
        let claims = &context.request.claims;
        let hashes = claims.transaction_data.iter().map(|data| encode_base64url(Digest::of(data).as_bytes())).collect();
        let to = key_binding(&claims.client_id, &claims.nonce, context.federation.now(), hashes);
        let session = self.binding.present(&[], &to, &self.key)?;
        let response = AuthorizationResponse {
            state: claims.state.clone(),
            vp_token: [(BINDING_QUERY_ID.to_owned(), vec![session])].into(),
            consents: signed.iter().map(|signed| signed.consent.clone()).collect(),
            consent_bindings: signed.iter().map(|signed| signed.binding.clone()).collect(),
        };
        let receiver = claims.client_metadata.jwks.keys.first();
        let receiver =
            receiver.ok_or_else(|| WalletError::Untrusted("the request names no key for the answer".to_owned()))?;
        Ok(seal_plain(&EncryptionKey::from_jwk(receiver)?, &response)?)
    }
}

pub(super) fn key_binding(aud: &str, nonce: &str, now: Timestamp, transaction_data_hashes: Vec<String>) -> KeyBinding {
    KeyBinding { aud: aud.to_owned(), nonce: nonce.to_owned(), iat: now.numeric(), transaction_data_hashes }
}

/// A key with its binding, verified with the registry's keys as the directory has them.
pub(super) async fn open_binding(
    home: &Home,
    federation: &Federation,
    bound: &BoundKey,
) -> Result<(SigningKey, HeldBinding), WalletError> {
    let key = home.key(&bound.kid)?;
    let registry = federation.member(&bound.registry).await?;
    let binding = HeldBinding::receive(&bound.token, &registry_keys(&registry), key.public())?;
    Ok((key, binding))
}

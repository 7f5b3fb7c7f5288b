//! A citizen with real bindings, got at the registry's real endpoints (OpenID4VCI 1.0, RFC 9449), who signs what she likes.

use std::{collections::BTreeMap, str::FromStr};

use protocol::{
    credential::{
        HeldBinding, KeyBinding,
        binding::{BindingDraft, Resident, issue as issue_binding, seal_presentation, seal_presented},
        guardianship::{self, GuardianshipDraft},
        issuance::{DpopFor, prove_dpop, prove_key},
        vc::{self, ConsentDraft, presentation_nonce},
    },
    seal::{Algorithm, DecryptionKey, EncryptionKey, SigningKey, VerifyingKey, random},
};
use schemas::{
    consent::{
        BindingMode, BindingPresentation, ConsentNotice, ConsentPurpose, ConsentTerms, DataSubject, Decision,
        Frequency, FrequencyMode, OnwardSharing, Retention,
    },
    digest::Digest,
    id::{CompactJws, EntityId, KeyId, Sector, SectorSubject},
    local::BindingOffer,
    openid::{
        BINDING_CONFIGURATION, CredentialOffer, CredentialProofs, CredentialRequest, CredentialResponse, NonceResponse,
        PRE_AUTHORIZED_GRANT, TokenResponse,
    },
    time::{NumericDate, Timestamp},
    version::V1,
};
use serde_json::{Value, json};
use service_kit::http_client::{HttpClient, Reply};
use url::{Url, form_urlencoded};
use vinimay::{
    demo::{Federation, PENSION_PURPOSE},
    world::Department,
};

use super::client;

/// One key and the binding on it.
#[derive(Clone)]
pub struct Binding {
    pub key: SigningKey,
    pub held: HeldBinding,
}

/// The citizen, and what her wallet knows of the federation.
pub struct Citizen {
    pub bindings: Vec<Binding>,
    pub anchor: EntityId,
    registry: SigningKey,
    registry_entity: EntityId,
    providers: BTreeMap<EntityId, (Sector, EncryptionKey)>,
}

impl Citizen {
    /// Redeems an offer for so many bindings, each on a key of its own.
    pub async fn bind(federation: &Federation, resident: &str, count: usize, now: Timestamp) -> Self {
        let desk = federation.civil.portal(0).unwrap();
        let reply = desk.post("/v1/binding-offers", &[], &json!({ "resident": resident })).await.unwrap();
        let offer: BindingOffer = read(&reply);
        let pem = std::fs::read(federation.civil.folder().join("keys/signing.pem")).unwrap();
        let mut citizen = Self {
            bindings: Vec::new(),
            anchor: federation.anchor.entity().clone(),
            registry: SigningKey::from_pem(&pem).unwrap(),
            registry_entity: federation.civil.entity().clone(),
            providers: federation
                .departments()
                .into_iter()
                .map(|(name, department)| provider(name, department))
                .collect(),
        };
        let desk = client(&federation.civil.folder().join("keys/tls.pem"), None);
        let keys: Vec<SigningKey> =
            std::iter::repeat_with(|| SigningKey::generate(Algorithm::Es256).unwrap()).take(count).collect();
        let issued = redeem(&desk, &offer, &keys, now).await;
        for (key, token) in keys.into_iter().zip(issued) {
            let held = citizen.receive(&token, key.public());
            citizen.bindings.push(Binding { key, held });
        }
        citizen
    }

    fn receive(&self, token: &str, holder: &VerifyingKey) -> HeldBinding {
        let registry = self.registry.public().clone();
        let keys = move |_: &EntityId, _: &KeyId, _: NumericDate| Some(registry.clone());
        HeldBinding::receive(token, &keys, holder).unwrap()
    }

    /// A binding as a registry that lies would sign it: on a real place of the status list, but with other contents.
    pub fn forged_by_registry(&self, change: impl FnOnce(&mut BindingDraft)) -> Binding {
        let (real, key) = (&self.bindings[0].held, SigningKey::generate(Algorithm::Es256).unwrap());
        let claims = real.claims();
        let mut draft = BindingDraft {
            issuer: self.registry_entity.clone(),
            iat: claims.iat,
            exp: claims.exp,
            assurance: claims.assurance_level,
            mode: BindingMode::Own,
            assisted: None,
            status: claims.status.status_list.clone(),
            holder: key.public().clone(),
            resident: Resident {
                resident_id: "0".to_owned(),
                given_name: "Nobody".to_owned(),
                family_name: String::new(),
                birthdate: "1970-01-01".parse().unwrap(),
            },
            subjects: self.subjects(),
            decoys: 2,
        };
        change(&mut draft);
        let held = self.receive(&issue_binding(&draft, &self.registry).unwrap(), key.public());
        Binding { key, held }
    }

    /// A guardianship of one of her keys over that other person, as the registry signs it unless it is changed; the digest by which a
    /// consent names it, and the whole token.
    pub fn appointed_over(
        &self,
        other: &Self,
        key: &SigningKey,
        now: Timestamp,
        change: impl FnOnce(&mut GuardianshipDraft),
    ) -> (Digest, String) {
        let mut draft = GuardianshipDraft {
            issuer: self.registry_entity.clone(),
            iat: now.plus(-60).numeric(),
            exp: now.plus(86_400).numeric(),
            guardian: key.public().clone(),
            purposes: vec!["social".parse().unwrap()],
            // A place of her own of which the list says that it is good.
            status: self.bindings[3].held.claims().status.status_list.clone(),
            ward: other.subjects(),
        };
        change(&mut draft);
        let token = guardianship::issue(&draft, &self.registry).unwrap();
        (Digest::of(token.split('~').next().unwrap()), token)
    }

    /// The registry's names for her, by sector.
    pub fn subjects(&self) -> Vec<(Sector, SectorSubject)> {
        let named = self.providers.values().filter_map(|(sector, _)| {
            let subject = self.bindings[0].held.concealed(&format!("sub_{sector}"))?;
            Some((sector.clone(), SectorSubject::from_str(subject).unwrap()))
        });
        named.collect()
    }

    /// A consent that the provider will honour, to be bent.
    pub fn draft(&self, consumer: &EntityId, provider: &EntityId, now: Timestamp) -> ConsentDraft {
        let valid_from = now.plus(-30);
        ConsentDraft {
            id: random::consent_id(now),
            valid_from,
            valid_until: valid_from.plus(90 * 86_400),
            terms: ConsentTerms {
                v: V1,
                decision: Decision::Given,
                data_subject: DataSubject::Own {},
                purpose: ConsentPurpose {
                    code: PENSION_PURPOSE.parse().unwrap(),
                    version: "2026-10".parse().unwrap(),
                    text: Digest::of(registered_text("hi")),
                    dpv: "https://w3id.org/dpv#ServiceProvision".to_owned(),
                },
                consumer: consumer.clone(),
                provider: provider.clone(),
                dataset: "revenue.income".parse().unwrap(),
                fields: vec!["annual_income_band".parse().unwrap()],
                predicates: Vec::new(),
                data_range: None,
                frequency: Frequency {
                    mode: FrequencyMode::Recurring,
                    max_uses: 12,
                    period: None,
                    uses_per_period: None,
                },
                retention: Retention { duration: "P180D".parse().unwrap() },
                onward_sharing: OnwardSharing::None,
            },
            notice: ConsentNotice {
                r#type: "ConsentNotice".to_owned(),
                notice: Digest::of("card"),
                locale: "hi".to_owned(),
                request: Digest::of("request"),
                shown_at: now.plus(-40),
                wallet: Digest::of("wallet"),
                assistance: None,
            },
        }
    }

    pub fn sign(&self, draft: &ConsentDraft, key: &SigningKey) -> CompactJws {
        vc::issue(draft.clone(), &self.anchor, key).unwrap()
    }

    /// The presentation that goes with a consent, before it is sealed.
    pub fn present(&self, consent: &CompactJws, binding: &Binding, to: &EntityId, now: Timestamp) -> String {
        let to_whom = KeyBinding {
            aud: to.to_string(),
            nonce: presentation_nonce(consent),
            iat: now.plus(-20).numeric(),
            transaction_data_hashes: Vec::new(),
        };
        let (sector, _) = &self.providers[to];
        binding.held.present_subject(sector, &to_whom, &binding.key).unwrap()
    }

    /// The basis of a query: the consent, and a presentation sealed to a provider.
    pub fn seal(&self, consent: &CompactJws, presentation: &str, to: &EntityId) -> Value {
        let verified = vc::verify(consent, &self.anchor).unwrap();
        let sealed = seal_presentation(presentation, &verified, &self.providers[to].1).unwrap();
        json!({ "type": "consent", "consent": consent, "binding": sealed })
    }

    /// The same with proofs of presence or a guardianship.
    pub fn seal_whole(&self, consent: &CompactJws, presented: &BindingPresentation, to: &EntityId) -> Value {
        let verified = vc::verify(consent, &self.anchor).unwrap();
        let sealed = seal_presented(presented, &verified, &self.providers[to].1).unwrap();
        json!({ "type": "consent", "consent": consent, "binding": sealed })
    }

    /// All of it, as an honest wallet does it.
    pub fn basis(&self, draft: &ConsentDraft, binding: &Binding, now: Timestamp) -> Value {
        let provider = draft.terms.provider.clone();
        let consent = self.sign(draft, &binding.key);
        let presentation = self.present(&consent, binding, &provider, now);
        self.seal(&consent, &presentation, &provider)
    }
}

/// The text of the purpose that the officers signed.
fn registered_text(language: &str) -> String {
    let file = include_str!("../../compose/registers/purposes.toml");
    let table: toml::Table = file.parse().unwrap();
    table["purpose"][0]["text"][language].as_str().unwrap().to_owned()
}

fn provider(name: &str, department: &Department) -> (EntityId, (Sector, EncryptionKey)) {
    let pem = std::fs::read(department.folder().join("keys/encryption.pem")).unwrap();
    let key = DecryptionKey::from_pem(&pem).unwrap().public().clone();
    (department.entity().clone(), (name.parse().unwrap(), key))
}

/// The offer's code and transaction code, a token, a nonce, and a binding for each key.
async fn redeem(desk: &HttpClient, offer: &BindingOffer, keys: &[SigningKey], now: Timestamp) -> Vec<String> {
    let (issuer, code) = opened(&offer.offer);
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", PRE_AUTHORIZED_GRANT)
        .append_pair("pre-authorized_code", &code)
        .append_pair("tx_code", &offer.tx_code)
        .finish();
    let url = format!("{issuer}/identity/token");
    let proof = dpop(&keys[0], &url, None, now);
    let headers = [("DPoP", proof.as_str())];
    let reply = desk
        .post_with(&at(&url), "application/x-www-form-urlencoded", &headers, form.into_bytes(), 1 << 16)
        .await
        .unwrap();
    let token: TokenResponse = read(&reply);
    let nonce: NonceResponse = read(
        &desk.post(&at(&format!("{issuer}/identity/nonce")), "application/json", Vec::new(), 1 << 16).await.unwrap(),
    );
    let jwt = keys.iter().map(|key| prove_key(key, &issuer, &nonce.c_nonce, now.numeric()).unwrap()).collect();
    let request = CredentialRequest {
        credential_configuration_id: BINDING_CONFIGURATION.to_owned(),
        proofs: CredentialProofs { jwt },
    };
    let url = format!("{issuer}/identity/credential");
    let proof = dpop(&keys[0], &url, Some(&token.access_token), now);
    let bearer = format!("DPoP {}", token.access_token);
    let headers = [("DPoP", proof.as_str()), ("Authorization", bearer.as_str())];
    let body = serde_json::to_vec(&request).unwrap();
    let issued: CredentialResponse =
        read(&desk.post_with(&at(&url), "application/json", &headers, body, 1 << 20).await.unwrap());
    issued.credentials.into_iter().map(|issued| issued.credential).collect()
}

/// Who offers, and the code.
pub fn opened(link: &str) -> (EntityId, String) {
    let link: Url = link.parse().unwrap();
    let (_, offer) = link.query_pairs().find(|(name, _)| name == "credential_offer").unwrap();
    let offer: CredentialOffer = serde_json::from_str(&offer).unwrap();
    (offer.credential_issuer.parse().unwrap(), offer.grants[PRE_AUTHORIZED_GRANT].code.clone())
}

fn dpop(key: &SigningKey, url: &str, access_token: Option<&str>, now: Timestamp) -> String {
    let made_for = DpopFor { method: "POST", url, access_token };
    prove_dpop(key, made_for, &random::message_id(now), now.numeric()).unwrap().to_string()
}

fn at(url: &str) -> Url {
    url.parse().unwrap()
}

fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> T {
    assert!((200..300).contains(&reply.status), "status {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

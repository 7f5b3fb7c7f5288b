//! The queries, good and bad, and what each makes the answering department do.

use anyhow::{Context, ensure};
use protocol::{
    consent::{BasisReader, ConsentState, Grant, LawUse, State, VerifiedBasis},
    credential::{Status, VerifiedStatusList, binding::DirectoryKeys, vc::presentation_nonce},
    exchange::{accept, authorize_peer},
    federation::{Directory, VerifiedLaws, VerifiedMember},
    seal::{Jwk, decode_base64url},
};
use protocol_testing::{Citizen, SignedConsent, World, name};
use schemas::{
    id::CompactJwe,
    problem::Code,
    query::{Basis, Query},
};

use crate::openssl_alone::Work;

/// How many citizens ask; each has her own key, binding and consent.
const CITIZENS: usize = 12;

/// One query and how it ends.
struct Sample {
    bytes: Vec<u8>,
    expected: Result<(), Code>,
    work: Vec<Work>,
    why: &'static str,
}

/// The answering department and what it is asked.
pub struct Scene {
    world: World,
    consumer: VerifiedMember,
    directory: Directory,
    laws: VerifiedLaws,
    statuses: VerifiedStatusList,
    samples: Vec<Sample>,
}

/// A consent with the tokens that go into its decision.
struct Asked {
    consent: SignedConsent,
    presentation: String,
    key: Jwk,
}

impl Scene {
    pub fn new() -> anyhow::Result<Self> {
        let world = World::new();
        let mut samples = Vec::new();
        for number in 0..CITIZENS {
            let citizen = world.citizen(&format!("RID-{number:04}"));
            samples.extend(good(&world, &citizen)?);
            samples.extend(bad(&world, &citizen)?);
        }
        Ok(Self {
            consumer: world.authority.admit(&world.consumer),
            directory: world.directory(),
            laws: world.laws(),
            statuses: world.registry.status_list(world.now),
            world,
            samples,
        })
    }

    pub fn queries(&self) -> usize {
        self.samples.len()
    }

    pub fn describe(&self) -> String {
        let granted = self.samples.iter().filter(|sample| sample.expected.is_ok()).count();
        let (all, refused) = (self.samples.len(), self.samples.len() - granted);
        format!("{all} queries, {granted} granted and {refused} refused for {} reasons", refused / CITIZENS)
    }

    /// Everything that OpenSSL would do alone.
    pub fn work(&self) -> Vec<Work> {
        self.samples.iter().flat_map(|sample| sample.work.iter().cloned()).collect()
    }

    /// Every query ends as it should.
    pub fn assert_outcomes(&self) -> anyhow::Result<()> {
        for sample in &self.samples {
            let outcome = self.decide(&sample.bytes).map(drop);
            ensure!(outcome == sample.expected, "{}: {outcome:?} instead of {:?}", sample.why, sample.expected);
        }
        Ok(())
    }

    pub fn decide_all(&self) {
        for sample in &self.samples {
            let _ = std::hint::black_box(self.decide(&sample.bytes));
        }
    }

    /// From the bytes of a query to a grant or a refusal, as the gateway does it without its cache.
    fn decide(&self, bytes: &[u8]) -> Result<Grant, Code> {
        let (world, now) = (&self.world, self.world.now);
        let query = accept(bytes, &self.consumer).map_err(|refused| refused.code())?;
        let refused = |refusal: protocol::consent::Refusal| refusal.code();
        let member = authorize_peer(&query, &self.consumer, &world.provider.entity).map_err(refused)?;
        let asked = member.fresh(now).map_err(refused)?;
        let registries = DirectoryKeys { directory: &self.directory, sector: &world.provider.sector, now };
        let keys = std::slice::from_ref(&world.provider.encryption);
        let anchor = &world.authority.entity;
        let reader = BasisReader { anchor, keys, registries: &registries, laws: Some(&self.laws) };
        let mut basis = VerifiedBasis::verify(asked, &reader, now).map_err(refused)?;
        let state = match &mut basis {
            VerifiedBasis::Consent(basis) => {
                basis.status = self.statuses.status_of(basis.binding.status()).ok();
                State::Consent(ConsentState::fresh())
            }
            VerifiedBasis::Law(_) => State::Law(LawUse::default()),
        };
        Grant::authorize(asked, &basis, &world.offer(), &state, now).map_err(refused)
    }
}

impl Asked {
    fn new(world: &World, citizen: &Citizen) -> anyhow::Result<Self> {
        let signed = citizen.consent(&world.terms());
        let presentation = citizen.present(&world.provider.entity, &presentation_nonce(&signed.jws));
        let consent = citizen.attach(signed.jws, &presentation);
        Ok(Self { consent, presentation, key: citizen.key.public().jwk().clone() })
    }

    /// Query, consent, agreement, binding and key binding, in the order in which they are looked at; the first so many.
    fn work(&self, world: &World, query: &str, steps: usize) -> anyhow::Result<Vec<Work>> {
        let (jwt, rest) = self.presentation.split_once('~').context("an SD-JWT")?;
        let (_, key_binding) = rest.rsplit_once('~').context("a key binding")?;
        let hers = |jws: &str| Work::Verify { jws: jws.to_owned(), key: self.key.clone(), brought: true };
        let listed = |jws: &str, key: &Jwk| Work::Verify { jws: jws.to_owned(), key: key.clone(), brought: false };
        let mut all = vec![
            listed(query, world.consumer.signing.public().jwk()),
            hers(self.consent.jws.as_str()),
            agreement(&self.consent.binding)?,
            listed(jwt, world.registry.signing.public().jwk()),
            // The same key as the consent's: read once.
            Work::Verify { jws: key_binding.to_owned(), key: self.key.clone(), brought: false },
        ];
        all.truncate(steps);
        Ok(all)
    }
}

fn agreement(sealed: &CompactJwe) -> anyhow::Result<Work> {
    let header = sealed.as_str().split('.').next().context("a header")?;
    let header: serde_json::Value = serde_json::from_slice(&decode_base64url(header)?)?;
    Ok(Work::Agree { ephemeral: serde_json::from_value(header["epk"].clone())? })
}

/// A consent granted, as often as consents are refused, and a law.
fn good(world: &World, citizen: &Citizen) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for _ in 0..6 {
        let asked = Asked::new(world, citizen)?;
        samples.push(sample(world, &asked, "granted", Ok(()), 5, |_| ())?);
    }
    let query = world.law_query(&citizen.resident_id);
    let jws = world.sealed(&query).to_string();
    let Basis::Law { subject, .. } = &query.basis else { anyhow::bail!("a law") };
    let key = world.consumer.signing.public().jwk().clone();
    let work = vec![Work::Verify { jws: jws.clone(), key, brought: false }, agreement(subject)?];
    samples.push(Sample { bytes: jws.into_bytes(), expected: Ok(()), work, why: "granted under a law" });
    Ok(samples)
}

fn sample(
    world: &World,
    asked: &Asked,
    why: &'static str,
    expected: Result<(), Code>,
    steps: usize,
    bend: impl FnOnce(&mut Query),
) -> anyhow::Result<Sample> {
    let mut query = world.query(&asked.consent);
    bend(&mut query);
    let jws = world.sealed(&query).to_string();
    let work = asked.work(world, &jws, steps)?;
    Ok(Sample { bytes: jws.into_bytes(), expected, work, why })
}

/// Each refused for another reason, early and late.
fn bad(world: &World, citizen: &Citizen) -> anyhow::Result<Vec<Sample>> {
    let asked = || Asked::new(world, citizen);
    let other = asked()?;
    let mut forged = sample(world, &asked()?, "a forged query", Err(Code::SignatureInvalid), 1, |_| ())?;
    let signature = world.sealed(&world.query(&other.consent)).to_string();
    forged.bytes = with_signature(&forged.bytes, &signature)?;
    let stale = sample(world, &asked()?, "a stale query", Err(Code::Stale), 1, |query| {
        query.iat = query.iat.plus(-300);
        query.exp = query.exp.plus(-300);
    })?;
    let forged_consent = sample(world, &asked()?, "a forged consent", Err(Code::SignatureInvalid), 2, |query| {
        if let Basis::Consent { consent, .. } = &mut query.basis
            && let Ok(bytes) = with_signature(consent.as_str().as_bytes(), other.consent.jws.as_str())
        {
            *consent = name(&String::from_utf8_lossy(&bytes));
        }
    })?;
    let moved = sample(world, &asked()?, "a binding of another consent", Err(Code::BindingInvalid), 3, |query| {
        if let Basis::Consent { binding, .. } = &mut query.basis {
            *binding = other.consent.binding.clone();
        }
    })?;
    let beyond = sample(world, &asked()?, "one item more", Err(Code::ConsentScopeExceeded), 5, |query| {
        query.query.fields.push(name("annual_income"));
    })?;
    Ok(vec![forged, stale, forged_consent, moved, beyond, late(world, citizen)?, revoked(world, citizen)?])
}

/// A consent that ended yesterday.
fn late(world: &World, citizen: &Citizen) -> anyhow::Result<Sample> {
    let mut draft = citizen.draft(&world.terms());
    draft.valid_until = world.now.plus(-30);
    let signed = citizen.sign(draft);
    let presentation = citizen.present(&world.provider.entity, &presentation_nonce(&signed.jws));
    let consent = citizen.attach(signed.jws, &presentation);
    let asked = Asked { consent, presentation, key: citizen.key.public().jwk().clone() };
    sample(world, &asked, "a consent that has ended", Err(Code::ConsentExpired), 5, |_| ())
}

/// The lost key of the same person.
fn revoked(world: &World, citizen: &Citizen) -> anyhow::Result<Sample> {
    let lost = world.citizen(&citizen.resident_id);
    world.registry.set_status(&lost.binding.claims().status.status_list, Status::Invalid);
    sample(world, &Asked::new(world, &lost)?, "a revoked binding", Err(Code::BindingRevoked), 5, |_| ())
}

fn with_signature(token: &[u8], of: &str) -> anyhow::Result<Vec<u8>> {
    let token = std::str::from_utf8(token)?;
    let (signed, _) = token.rsplit_once('.').context("a compact JWS")?;
    let (_, signature) = of.rsplit_once('.').context("a compact JWS")?;
    Ok(format!("{signed}.{signature}").into_bytes())
}

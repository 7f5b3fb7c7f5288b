//! Bindings are issued: a batch, one for each proven key.
//!
//! Source: OpenID4VCI 1.0 §8. Order: token and DPoP → form → nonce → proofs → spend all of it → the resident, read again →
//! places in the status list → signatures. What is spent stays spent if a later step fails; the wallet begins again.

use std::collections::BTreeSet;

use protocol::{
    credential::{
        asking,
        binding::{BindingDraft, Resident as BoundResident, issue},
        issuance::{DpopFor, PROOF_LIFE, VerifiedDpop, verify_dpop, verify_key_proof},
    },
    seal::{Algorithm, VerifyingKey, freshness::SKEW, random},
};
use registry_adapter::key::LocalKey;
use schemas::{
    consent::{AssistedBy, BindingMode, StatusReference},
    federation::Assurance,
    id::{CompactJws, KeyId, Sector, SectorSubject},
    local::AssistedOffer,
    openid::{BINDING_CONFIGURATION, CredentialRequest, CredentialResponse, IssuedCredential},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{Bindable, IdentityError, address, metadata::CREDENTIAL, redeem::spent_name, status};
use crate::{
    app::App,
    consents::nonces,
    keys::Keys,
    store::{
        consents::spent::{Once, spend},
        identity::{
            bindings::{NewBinding, PLACES, Place, binding_insert, key_is_bound, list_open},
            offers::Invited,
            tokens::{Take, token_stands, token_take},
        },
    },
};

/// Most proofs in one request.
pub(super) const BATCH: u32 = 16;
/// Most bindings on one token.
const ON_ONE_TOKEN: i64 = 128;
/// How long a key may present a binding that was made for an assisted session, seconds. The binding itself lasts as every other:
/// the consents that were given in the session depend on it.
const ASSISTED: i64 = 2 * 3600;
/// Tries to find a free place in a list that is at most half full.
const PLACE_TRIES: u32 = 64;

/// How the wallet showed that it may ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presented<'a> {
    /// The access token.
    pub token: &'a str,
    /// The DPoP proof over it.
    pub dpop: &'a str,
}

impl App {
    /// Issues a binding for each proof, in order.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub(crate) async fn issue_bindings(
        &self,
        presented: Presented<'_>,
        request: &CredentialRequest,
    ) -> Result<CredentialResponse, IdentityError> {
        let now = self.now();
        let settings = self.identity_registry(now)?;
        let dpop = self.verify_credential_dpop(presented, now)?;
        let nonce = self.batch_nonce(request, now)?;
        let proven = self.verify_proofs(&request.proofs.jwt, &nonce.0, now)?;
        let wallet = dpop.key().kid().clone();
        let whose = self.spend_batch(presented.token.to_owned(), dpop, nonce, proven.len(), now).await?;
        let person = self.bindable(&whose.resident).await?.ok_or(IdentityError::Denied)?;
        let (by, expires) = (whose.assisted.map(|terms| helped(terms, now)), asking::ends(settings.validity, now));
        let places = self.place_bindings(presented.token, &proven, &whose.resident, wallet, expires).await?;
        let issued = proven.into_iter().zip(places).map(|(holder, place)| {
            let credential = self.sign_binding(&person, (holder, by.clone()), place, (now, expires))?;
            Ok(IssuedCredential { credential })
        });
        Ok(CredentialResponse { credentials: issued.collect::<Result<_, IdentityError>>()? })
    }

    fn verify_credential_dpop(&self, presented: Presented<'_>, now: Timestamp) -> Result<VerifiedDpop, IdentityError> {
        let url = address(&self.config().public.people, CREDENTIAL);
        let made_for = DpopFor { method: "POST", url: &url, access_token: Some(presented.token) };
        verify_dpop(presented.dpop, made_for, now).map_err(|_| IdentityError::TokenInvalid)
    }

    /// The one nonce of the batch, ours and not ended, and when it ends.
    fn batch_nonce(&self, request: &CredentialRequest, now: Timestamp) -> Result<(String, Timestamp), IdentityError> {
        if request.credential_configuration_id != BINDING_CONFIGURATION {
            return Err(IdentityError::ConfigurationUnknown);
        }
        let proofs = &request.proofs.jwt;
        if proofs.is_empty() || proofs.len() > BATCH as usize {
            return Err(IdentityError::ProofInvalid("one to sixteen proofs"));
        }
        let nonce =
            proofs.first().and_then(|proof| nonces::claimed(proof.as_str())).ok_or(IdentityError::NonceInvalid)?;
        let ends = nonces::authorize(self.keys(), Once::Identity, &nonce, now);
        Ok((nonce, ends.map_err(|_| IdentityError::NonceInvalid)?))
    }

    fn verify_proofs(
        &self,
        proofs: &[CompactJws],
        nonce: &str,
        now: Timestamp,
    ) -> Result<Vec<VerifyingKey>, IdentityError> {
        let mut kids: BTreeSet<KeyId> = BTreeSet::new();
        let verify = |proof| {
            let key = verify_key_proof(proof, self.entity(), nonce, now)
                .map_err(|_| IdentityError::ProofInvalid("signature, receiver, nonce or time"))?;
            if key.algorithm() != Algorithm::Es256 {
                return Err(IdentityError::ProofInvalid("only ES256 keys are bound"));
            }
            if !kids.insert(key.kid().clone()) {
                return Err(IdentityError::ProofInvalid("a key stands twice"));
            }
            Ok(key)
        };
        proofs.iter().map(verify).collect()
    }

    /// Spends proof, nonce and allowance in one transaction; whose bindings they are.
    async fn spend_batch(
        &self,
        token: String,
        dpop: VerifiedDpop,
        (nonce, nonce_ends): (String, Timestamp),
        bindings: usize,
        now: Timestamp,
    ) -> Result<Invited, IdentityError> {
        let keys = self.keys().clone();
        self.db()
            .write(move |conn| {
                let once = |conn: &mut AnyConnection, kind, value: &str, until| {
                    spend(conn, kind, value, until).map_err(DatabaseError::from)
                };
                if !once(conn, Once::Dpop, &spent_name(&dpop), now.plus(PROOF_LIFE + SKEW))? {
                    return Err(IdentityError::TokenInvalid);
                }
                let take = Take { bindings: i64::try_from(bindings).unwrap_or(i64::MAX), most: ON_ONE_TOKEN };
                let whose = token_take(conn, &keys, &token, dpop.key().kid(), take, now)?;
                let whose = whose.ok_or(IdentityError::TokenInvalid)?;
                if !once(conn, Once::Identity, &nonce, nonce_ends)? {
                    return Err(IdentityError::NonceInvalid);
                }
                Ok(whose)
            })
            .await
    }

    /// Gives each key a place, unless the token was ended since: then her bindings were revoked in between.
    async fn place_bindings(
        &self,
        token: &str,
        proven: &[VerifyingKey],
        resident: &LocalKey,
        wallet: KeyId,
        expires: Timestamp,
    ) -> Result<Vec<Place>, IdentityError> {
        let (keys, resident, token) = (self.keys().clone(), resident.clone(), token.to_owned());
        let kids: Vec<KeyId> = proven.iter().map(|key| key.kid().clone()).collect();
        self.db()
            .write(move |conn| {
                if !token_stands(conn, &keys, &token).map_err(DatabaseError::from)? {
                    return Err(IdentityError::TokenInvalid);
                }
                let places = kids.iter().map(|key| {
                    let new = NewBinding { key, resident: &resident, wallet: &wallet, expires };
                    give_place(conn, &keys, &new)
                });
                places.collect()
            })
            .await
    }

    fn sign_binding(
        &self,
        person: &Bindable,
        (holder, assisted): (VerifyingKey, Option<AssistedBy>),
        place: Place,
        (now, expires): (Timestamp, Timestamp),
    ) -> Result<String, IdentityError> {
        let Bindable { resident, born } = person;
        let draft = BindingDraft {
            issuer: self.entity().clone(),
            iat: now.numeric(),
            exp: expires.numeric(),
            // An officer compared the person with the register, and the code came by a second way.
            assurance: Assurance::Substantial,
            mode: if assisted.is_some() { BindingMode::Assisted } else { BindingMode::Own },
            assisted,
            status: StatusReference {
                idx: u64::try_from(place.idx).unwrap_or(u64::MAX),
                uri: status::uri(&self.config().public.people, place.list),
            },
            holder,
            resident: BoundResident {
                resident_id: resident.number.as_str().to_owned(),
                given_name: resident.given_name.clone(),
                family_name: resident.family_name.clone().unwrap_or_default(),
                birthdate: *born,
            },
            subjects: sector_subjects(self.keys(), &resident.number),
            decoys: 0,
        };
        issue(&draft, &self.keys().signing).map_err(IdentityError::failed)
    }
}

/// What we say of a session, by what our officer was told when the invitation was made.
fn helped(terms: AssistedOffer, now: Timestamp) -> AssistedBy {
    let AssistedOffer { operator, session, person } = terms;
    AssistedBy { operator, session, person, until: now.plus(ASSISTED).numeric() }
}

/// Her pseudonym in each sector.
pub(super) fn sector_subjects(keys: &Keys, number: &LocalKey) -> Vec<(Sector, SectorSubject)> {
    keys.sectors.iter().map(|(sector, key)| (sector.clone(), key.sector_subject(number.as_str()))).collect()
}

/// A random free place. Chance is drawn here and not by the database, so that both engines draw alike.
pub(super) fn give_place(conn: &mut AnyConnection, keys: &Keys, new: &NewBinding<'_>) -> Result<Place, IdentityError> {
    if key_is_bound(conn, new.key).map_err(DatabaseError::from)? {
        return Err(IdentityError::ProofInvalid("a key has a binding already"));
    }
    let list = list_open(conn).map_err(DatabaseError::from)?;
    for _ in 0..PLACE_TRIES {
        // PLACES is a power of two, so each place is equally likely.
        let idx = i64::from(u32::from_be_bytes(random::bytes::<4>()) % PLACES);
        let place = Place { list, idx };
        if binding_insert(conn, keys, new, place).map_err(DatabaseError::from)? {
            return Ok(place);
        }
    }
    Err(DatabaseError::Unavailable("no free place was found in the status list".to_owned()).into())
}

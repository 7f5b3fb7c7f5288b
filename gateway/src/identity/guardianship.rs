//! Guardianships: a parent's key may decide for her child, as the register's own table says.
//!
//! Source: protocol, "The citizen" ("Guardians"). Order: presentation → the guardian by the number that she disclosed → her
//! wards, each read again: alive, a full birth date, under 18 → a place in the status lists, one for each key and ward → signature.
//! Guarantees: until the last day of the register or the ward's coming of age, whichever is first; the ward's death suspends it
//! like any binding of the ward. Deliberately absent: guardians of guardians.

use jiff::ToSpan as _;
use protocol::{
    consent::Refusal,
    credential::guardianship::{GuardianshipDraft, issue},
    seal::{VerifyingKey, encode_base64url},
};
use registry_adapter::{guardians::Ward, key::LocalKey};
use schemas::{
    citizen::{Guardianships, GuardianshipsRequest, IssuedGuardianship},
    consent::StatusReference,
    digest::Digest,
    id::KeyId,
    problem::Code,
    time::{CivilDate, Timestamp},
};

use super::{
    Bindable, IdentityError,
    credential::{give_place, sector_subjects},
    status,
};
use crate::{
    app::App,
    consents::PresentationError,
    store::identity::bindings::{NewBinding, Place, place_of_key, resident_name},
};

/// A child comes of age on this birthday (Indian Majority Act, 1875, section 3).
const OF_AGE: i32 = 18;

/// No guardianship was issued.
#[derive(Debug, thiserror::Error)]
pub enum GuardianshipError {
    /// Not allowed, or something of ours is away.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The proof of her binding.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// Places or signatures.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// A ward who may be decided for now, and until when.
struct Decidable {
    person: Bindable,
    until: Timestamp,
}

impl App {
    /// A guardianship of this key for each ward of its owner.
    ///
    /// # Errors
    /// `role-missing`, those of the presentation, `access-denied` (an assisted session's), `binding-invalid` (it is none of ours, or does not show whose),
    /// `registry-unavailable`.
    pub(crate) async fn issue_guardianships(
        &self,
        request: &GuardianshipsRequest,
    ) -> Result<Guardianships, GuardianshipError> {
        let now = self.now();
        self.identity_registry(now)?;
        let binding = self.verify_own_presentation(&request.binding).await?;
        let unknown = Refusal::new(Code::BindingInvalid, "the binding does not show whose it is");
        if binding.issuer() != self.entity() {
            return Err(unknown.into());
        }
        let guardian: LocalKey =
            binding.disclosed("resident_id").and_then(|number| number.parse().ok()).ok_or(unknown)?;
        let mut wards = Vec::new();
        for ward in self.wards_of(guardian).await? {
            if let Some(decidable) = self.decidable(ward, now).await? {
                wards.extend(self.guardianship(binding.key(), &decidable, now).await?);
            }
        }
        Ok(Guardianships { wards })
    }

    async fn wards_of(&self, guardian: LocalKey) -> Result<Vec<Ward>, Refusal> {
        let away = Refusal::new(Code::RegistryUnavailable, "the register of guardianships did not answer");
        let Some(guardians) = self.source().and_then(|source| source.guardians()) else { return Ok(Vec::new()) };
        let read = tokio::task::spawn_blocking(move || guardians.wards_of(&guardian)).await;
        read.map_err(|_| away)?.map_err(|error| {
            tracing::warn!(%error, "guardianships could not be read");
            away
        })
    }

    async fn decidable(&self, ward: Ward, now: Timestamp) -> Result<Option<Decidable>, Refusal> {
        let Some(person) = self.bindable(&ward.number).await? else { return Ok(None) };
        let of_age = CivilDate::from_date(person.born.date().saturating_add(OF_AGE.years())).start();
        let until = ward.until.map_or(of_age, |last| after(last).min(of_age));
        Ok((now < until).then_some(Decidable { person, until }))
    }

    /// `None` if this guardianship was ended before.
    async fn guardianship(
        &self,
        guardian: &VerifyingKey,
        ward: &Decidable,
        now: Timestamp,
    ) -> Result<Option<IssuedGuardianship>, IdentityError> {
        let resident = &ward.person.resident;
        let (keys, number, until) = (self.keys().clone(), resident.number.clone(), ward.until);
        let (name, wallet) = (place_name(guardian.kid(), &resident.number)?, guardian.kid().clone());
        let placed = self.db().write(move |conn| {
            if let Some(known) = place_of_key(conn, &name).map_err(service_kit::db::DatabaseError::from)? {
                return Ok(known);
            }
            let new = NewBinding { key: &name, resident: &number, wallet: &wallet, expires: until };
            Ok::<_, IdentityError>((give_place(conn, &keys, &new)?, false))
        });
        let (Place { list, idx }, ended) = placed.await?;
        if ended {
            return Ok(None);
        }
        let draft = GuardianshipDraft {
            issuer: self.entity().clone(),
            iat: now.numeric(),
            exp: until.numeric(),
            guardian: guardian.clone(),
            purposes: self
                .config()
                .identity
                .iter()
                .flat_map(|settings| settings.guardianship_purposes.clone())
                .collect(),
            status: StatusReference {
                idx: u64::try_from(idx).unwrap_or(u64::MAX),
                uri: status::uri(&self.config().public.people, list),
            },
            ward: sector_subjects(self.keys(), &resident.number),
        };
        let credential = issue(&draft, &self.keys().signing).map_err(IdentityError::failed)?;
        let ward = resident_name(self.keys(), &resident.number);
        Ok(Some(IssuedGuardianship { ward, given_name: resident.given_name.clone(), credential }))
    }
}

/// Under which name the place of one key and one ward is kept: a thumbprint of both, like that of a key.
fn place_name(guardian: &KeyId, ward: &LocalKey) -> Result<KeyId, IdentityError> {
    let both = Digest::of(format!("guardianship {guardian} {}", ward.as_str()));
    encode_base64url(both.as_bytes()).parse().map_err(IdentityError::failed)
}

/// The first instant after this day.
fn after(last: CivilDate) -> Timestamp {
    CivilDate::from_date(last.date().saturating_add(1.days())).start()
}

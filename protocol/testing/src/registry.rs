//! The identity registry: issues bindings with pseudonyms by sector, and keeps their status list.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use schemas::{
    consent::{BindingMode, StatusReference},
    federation::{Assurance, Role},
    id::{EntityId, KeyId, Sector, SectorSubject},
    time::{NumericDate, Timestamp},
};

use super::{Department, name};
use protocol::{
    credential::{
        HeldBinding, Status, StatusList, VerifiedStatusList,
        binding::{BindingDraft, RegistryKeys, Resident, issue},
        guardianship::{self, GuardianshipDraft},
        status_list::{Publication, publish, verify},
    },
    seal::{SigningKey, VerifyingKey, keyed_hash::MacKey},
};

/// A directory in which this is the only registry.
struct OnlyRegistry<'a>(&'a IdentityRegistry);

impl RegistryKeys for OnlyRegistry<'_> {
    fn registry_key(&self, registry: &EntityId, kid: &KeyId, _at: NumericDate) -> Option<VerifyingKey> {
        let public = self.0.signing.public();
        (*registry == self.0.entity && kid == public.kid()).then(|| public.clone())
    }
}

/// Places in the status list.
const PLACES: usize = 4096;

/// Civil registration: `https://civil.gov.example`.
pub struct IdentityRegistry {
    /// The member behind it.
    pub member: Department,
    /// Its entity id.
    pub entity: EntityId,
    /// Signs bindings and status lists.
    pub signing: SigningKey,
    sectors: BTreeMap<Sector, MacKey>,
    list: Mutex<(StatusList, u64)>,
    now: Timestamp,
}

impl IdentityRegistry {
    /// Makes the keys for those sectors.
    pub fn new(sectors: &[&str], now: Timestamp) -> Self {
        let roles = sectors.iter().map(|sector| Role::IdentityRegistry(name(sector))).collect();
        let member = Department::new("civil", roles, now);
        Self {
            entity: member.entity.clone(),
            signing: member.signing.clone(),
            member,
            sectors: sectors.iter().map(|sector| (name(sector), MacKey::generate())).collect(),
            list: Mutex::new((StatusList::new(PLACES).expect("a list is made"), 0)),
            now,
        }
    }

    /// The pseudonym of a person in a sector.
    pub fn subject(&self, resident_id: &str, sector: &Sector) -> SectorSubject {
        self.sectors.get(sector).expect("a sector of this registry").sector_subject(resident_id)
    }

    /// Where its keys are looked up, as the directory would.
    pub fn keys(&self) -> impl RegistryKeys + '_ {
        OnlyRegistry(self)
    }

    /// What a binding for that key would say, with a status place of its own.
    pub fn draft(&self, resident_id: &str, holder: &VerifyingKey) -> BindingDraft {
        BindingDraft {
            issuer: self.entity.clone(),
            iat: self.now.numeric().plus(-86_400),
            exp: self.now.numeric().plus(31_536_000),
            assurance: Assurance::Substantial,
            mode: BindingMode::Own,
            assisted: None,
            status: StatusReference { idx: self.next_place(), uri: self.uri() },
            holder: holder.clone(),
            resident: Resident {
                resident_id: resident_id.to_owned(),
                given_name: "आशा".to_owned(),
                family_name: "वर्मा".to_owned(),
                birthdate: name("1958-02-28"),
            },
            subjects: self.sectors.keys().map(|s| (s.clone(), self.subject(resident_id, s))).collect(),
            decoys: 3,
        }
    }

    /// A binding for that key, as its holder received it.
    pub fn bind(&self, resident_id: &str, holder: &VerifyingKey) -> HeldBinding {
        self.hold(&self.draft(resident_id, holder))
    }

    /// Signs a draft and hands it to its holder.
    pub fn hold(&self, draft: &BindingDraft) -> HeldBinding {
        let token = issue(draft, &self.signing).expect("a binding is issued");
        HeldBinding::receive(&token, &self.keys(), &draft.holder).expect("the binding is good")
    }

    /// What a guardianship of that key over a ward would say, with a status place of its own.
    pub fn guardianship(&self, ward: &str, guardian: &VerifyingKey) -> GuardianshipDraft {
        GuardianshipDraft {
            issuer: self.entity.clone(),
            iat: self.now.numeric().plus(-86_400),
            exp: self.now.numeric().plus(3 * 31_536_000),
            guardian: guardian.clone(),
            purposes: vec![name("social")],
            status: StatusReference { idx: self.next_place(), uri: self.uri() },
            ward: self.sectors.keys().map(|s| (s.clone(), self.subject(ward, s))).collect(),
        }
    }

    /// Signs it.
    pub fn appoint(&self, draft: &GuardianshipDraft) -> String {
        guardianship::issue(draft, &self.signing).expect("a guardianship is issued")
    }

    /// Changes the status of a binding.
    pub fn set_status(&self, reference: &StatusReference, status: Status) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).0.set(reference.idx, status).expect("a place");
    }

    /// The status list as a provider fetched it at that time.
    pub fn status_list(&self, at: Timestamp) -> VerifiedStatusList {
        let publication = Publication {
            issuer: self.entity.clone(),
            uri: self.uri(),
            iat: at.numeric(),
            exp: at.numeric().plus(86_400),
            ttl: 60,
        };
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
        let token = publish(&list, &publication, &self.signing).expect("a list is signed");
        verify(token.as_str().as_bytes(), &self.uri(), &self.entity, self.signing.public(), at).expect("a good list")
    }

    fn next_place(&self) -> u64 {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.1 = (list.1 + 1) % PLACES as u64;
        list.1
    }

    fn uri(&self) -> String {
        format!("{}/status/rb/7", self.entity)
    }
}

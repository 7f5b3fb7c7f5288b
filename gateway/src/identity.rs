//! The identity registry's part: inviting wallets, issuing resident bindings, telling their status.
//!
//! Source: OpenID4VCI 1.0 (pre-authorised code), RFC 9449 (DPoP), RFC 6749 §5.2; protocol, "The citizen". Guarantees: runs only
//! where the configuration has `[identity]` and the directory gives the role for each of its sectors; a binding is issued
//! for a living resident's proven key alone, one a key, with salts and a status place of its own. Deliberately absent: who
//! the resident is; the officer who invites has seen her.

mod credential;
mod ending;
mod error;
mod guardianship;
mod metadata;
mod offer;
mod redeem;
pub(crate) mod status;
pub(crate) mod subject;

pub use crate::store::identity::bindings::{binding_resume, binding_revoke, binding_suspend};
pub(crate) use credential::Presented;
pub use ending::{EndingError, EndingReason, NamedAlive, lift_suspension};
pub use error::IdentityError;
pub use guardianship::GuardianshipError;
pub use offer::InviteError;
pub use status::PublishedLists;

use protocol::consent::Refusal;
use registry_adapter::{
    identity::{BirthDate, Resident},
    key::LocalKey,
};
use schemas::{
    id::{EntityId, Sector},
    problem::Code,
    time::{CivilDate, Timestamp},
};

use crate::{app::App, config::IdentitySettings};

/// A person who may be bound: alive, and known by a full birth date.
struct Bindable {
    resident: Resident,
    born: CivilDate,
}

impl App {
    /// The settings, if this department is an identity registry now: configured, and so called by the directory.
    pub(crate) fn identity_registry(&self, now: Timestamp) -> Result<&IdentitySettings, Refusal> {
        let absent = Refusal::new(Code::RoleMissing, "this department is no identity registry");
        let settings = self.config().identity.as_ref().ok_or(absent)?;
        let snapshot = self.directory();
        let ourselves = snapshot.peer(self.entity(), now)?;
        let holds = |sector: &Sector| ourselves.authorize_identity_registry(sector).is_ok();
        if settings.sectors.iter().all(holds) { Ok(settings) } else { Err(absent) }
    }

    /// Reads a resident of the department's own register; `None` if there is none, dead, or without a full birth date.
    async fn bindable(&self, number: &LocalKey) -> Result<Option<Bindable>, Refusal> {
        let away = Refusal::new(Code::RegistryUnavailable, "the register of residents did not answer");
        let residents = self.source().and_then(|source| source.residents()).ok_or(away)?;
        let number = number.clone();
        let read = tokio::task::spawn_blocking(move || residents.by_number(&number)).await;
        let found = read.map_err(|_| away)?.map_err(|error| {
            tracing::warn!(%error, "a resident could not be read");
            away
        })?;
        Ok(found.filter(|resident| resident.alive).and_then(|resident| match resident.birth_date {
            BirthDate::Day(born) => Some(Bindable { resident, born }),
            BirthDate::Year(_) | BirthDate::Unknown => None,
        }))
    }
}

/// An address of the people's listener.
fn address(public: &EntityId, path: &str) -> String {
    format!("{public}{path}")
}

//! Bindings end, or go on: at the desk for a lost phone, by the person herself, and after an annulled death.
//!
//! Source: protocol, "The citizen" (a lost key revokes the binding). Guarantees: a change and its audit row are one transaction;
//! who is named dead is not resumed, at the desk as little as by an annulment; a revoked binding stays revoked. Deliberately absent:
//! the suspension by a registered death, and the capture of its annulment, which calls [`lift_suspension`] (`triggers::capture`).

use protocol::consent::Refusal;
use registry_adapter::key::LocalKey;
use schemas::{
    citizen::{RevokeRequest, RevokeScope, Revoked},
    id::{EntityId, SystemName},
    local::{BindingsChanged, BindingsOrder},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use crate::{
    app::App,
    audit,
    consents::PresentationError,
    keys::Keys,
    store::identity::bindings::{OwnRevocation, Standing, binding_resume, bindings_revoke_of, bindings_set},
};

/// The actions in the audit trail.
const REVOKE: &str = "binding.revoke";
const RESUME: &str = "binding.resume";
/// Who acts, where a death was annulled.
const REGISTER: &str = "register-of-deaths";
/// Who acts, where it is the person herself.
const HERSELF: &str = "citizen";

/// Why bindings are ended at the desk. A closed list: a free text would bring personal data into the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndingReason {
    /// The phone is lost.
    LostPhone,
    /// The phone was stolen.
    StolenPhone,
    /// The binding was given to somebody else.
    WrongPerson,
    /// The person wishes it.
    OwnWish,
}

impl EndingReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::LostPhone, Self::StolenPhone, Self::WrongPerson, Self::OwnWish];

    /// As commands and audit rows write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LostPhone => "lost-phone",
            Self::StolenPhone => "stolen-phone",
            Self::WrongPerson => "wrong-person",
            Self::OwnWish => "own-wish",
        }
    }
}

impl std::str::FromStr for EndingReason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|reason| reason.as_str() == text);
        found.ok_or("the reasons are lost-phone, stolen-phone, wrong-person and own-wish")
    }
}

/// No binding was changed.
#[derive(Debug, thiserror::Error)]
pub enum EndingError {
    /// Not allowed, or nobody there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The proof of her binding.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// The rows.
    #[error(transparent)]
    Store(#[from] DatabaseError),
}

/// That the register names a resident alive. Made by [`App::named_alive`] alone: an annulled death may not have been the only one that
/// was registered of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedAlive(LocalKey);

// A resident's number stands in it: it does not print itself.
impl std::fmt::Debug for NamedAlive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NamedAlive")
    }
}

/// A registered death was annulled: what it had suspended goes on, in the transaction that captures the annulment. Returns how many
/// bindings; a repeat changes nothing and leaves no row in the audit trail.
///
/// # Errors
/// If the database fails.
pub fn lift_suspension(
    conn: &mut AnyConnection,
    keys: &Keys,
    us: &EntityId,
    alive: &NamedAlive,
    now: Timestamp,
) -> Result<usize, DatabaseError> {
    let resumed = binding_resume(conn, keys, &alive.0)?;
    if resumed > 0 {
        audit::append(conn, &audit::done(REGISTER, RESUME, us.as_str(), now))?;
    }
    Ok(resumed)
}

impl App {
    /// Whether the register names that resident alive now; ask after the annulment was entered, for [`lift_suspension`].
    ///
    /// # Errors
    /// `role-missing`: we are no identity registry; `registry-unavailable`.
    pub async fn named_alive(&self, resident: &LocalKey) -> Result<Option<NamedAlive>, Refusal> {
        self.identity_registry(self.now())?;
        Ok(self.bindable(resident).await?.map(|_| NamedAlive(resident.clone())))
    }

    /// Ends every binding of a resident, as for a lost phone, and every open invitation and access token. She then gets a new
    /// invitation.
    ///
    /// # Errors
    /// `role-missing`, `not-found-or-not-permitted`.
    pub async fn revoke_bindings(&self, by: &str, order: &BindingsOrder) -> Result<BindingsChanged, EndingError> {
        self.change_bindings((by, REVOKE), order, Standing::Revoked).await
    }

    /// Lifts a suspension: the register names the person alive (again).
    ///
    /// # Errors
    /// `role-missing`, `not-found-or-not-permitted` (nobody alive has this number), `registry-unavailable`.
    pub async fn resume_bindings(
        &self,
        by: &SystemName,
        order: &BindingsOrder,
    ) -> Result<BindingsChanged, EndingError> {
        self.change_bindings((by.as_str(), RESUME), order, Standing::Valid).await
    }

    /// The same with the reason in the audit trail, for the gateway's own machine.
    ///
    /// # Errors
    /// As [`App::revoke_bindings`].
    pub async fn revoke_bindings_because(
        &self,
        (by, reason): (&str, EndingReason),
        order: &BindingsOrder,
    ) -> Result<BindingsChanged, EndingError> {
        let action = format!("{REVOKE}.{}", reason.as_str());
        self.change_bindings((by, &action), order, Standing::Revoked).await
    }

    async fn change_bindings(
        &self,
        (by, action): (&str, &str),
        order: &BindingsOrder,
        standing: Standing,
    ) -> Result<BindingsChanged, EndingError> {
        let row = audit::done(by, action, self.entity().as_str(), self.now());
        let resident = match self.changeable(order, standing).await {
            Ok(resident) => resident,
            Err(refusal) => {
                audit::record(self.db(), audit::refused(row, Some(refusal.code()))).await?;
                return Err(refusal.into());
            }
        };
        let keys = self.keys().clone();
        let changed = self.db().write(move |conn| {
            let changed = bindings_set(conn, &keys, &resident, standing)?;
            audit::append(conn, &row)?;
            Ok::<_, DatabaseError>(changed)
        });
        Ok(BindingsChanged { changed: u64::try_from(changed.await?).unwrap_or(u64::MAX) })
    }

    async fn changeable(&self, order: &BindingsOrder, standing: Standing) -> Result<LocalKey, Refusal> {
        let nobody = Refusal::new(Code::NotFoundOrNotPermitted, "nobody of that kind has this number");
        self.identity_registry(self.now())?;
        let number: LocalKey = order.resident.parse().map_err(|_| nobody)?;
        if standing == Standing::Valid {
            self.bindable(&number).await?.ok_or(nobody)?;
        }
        Ok(number)
    }

    /// Ends bindings of the person who proves one of them.
    ///
    /// # Errors
    /// `role-missing`, those of the presentation, `access-denied` (an assisted session's), `binding-invalid` (it is none of ours),
    /// `binding-revoked` (it has ended or is stopped, whatever an older list says).
    pub(crate) async fn revoke_own_bindings(&self, request: &RevokeRequest) -> Result<Revoked, EndingError> {
        self.identity_registry(self.now())?;
        let binding = self.verify_own_presentation(&request.binding).await?;
        if binding.issuer() != self.entity() {
            return Err(Refusal::new(Code::BindingInvalid, "another registry issued it").into());
        }
        let others = request.scope == RevokeScope::Others;
        let (key, row) =
            (binding.key().kid().clone(), audit::done(HERSELF, REVOKE, self.entity().as_str(), self.now()));
        let revoked = self.db().write(move |conn| {
            let revoked = bindings_revoke_of(conn, &key, others)?;
            if matches!(revoked, OwnRevocation::Ended(_)) {
                audit::append(conn, &row)?;
            }
            Ok::<_, DatabaseError>(revoked)
        });
        match revoked.await? {
            OwnRevocation::Ended(revoked) => Ok(Revoked { revoked: u64::try_from(revoked).unwrap_or(u64::MAX) }),
            OwnRevocation::NotInForce => Err(Refusal::new(Code::BindingRevoked, "an ended binding ends none").into()),
            OwnRevocation::Unknown => Err(Refusal::new(Code::BindingInvalid, "no binding of ours has this key").into()),
        }
    }
}

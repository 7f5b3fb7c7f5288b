//! The members and registers at one moment.

use protocol::{
    consent::Refusal,
    federation::{Directory, STATEMENT_LIFE, VerifiedLaws, VerifiedMember, VerifiedPurposes},
};
use schemas::{
    federation::{Law, Purpose},
    id::{CompactJws, EntityId, LawId, PurposeCode, RegisterVersion},
    problem::Code,
    time::Timestamp,
};

/// What is known of the federation; replaced as a whole at each refresh.
#[derive(Clone, Debug)]
pub struct DirectorySnapshot {
    pub(super) members: Directory,
    pub(super) anchor_configuration: CompactJws,
    pub(super) purposes: Option<VerifiedPurposes>,
    pub(super) laws: Option<VerifiedLaws>,
    pub(super) fetched_at: Timestamp,
}

impl DirectorySnapshot {
    /// Anchor and members, suspended and expired ones included; its look-ups refuse those.
    pub const fn members(&self) -> &Directory {
        &self.members
    }

    /// A member that may take part now.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`, `directory-outdated`.
    pub fn peer(&self, entity: &EntityId, now: Timestamp) -> Result<&VerifiedMember, Refusal> {
        self.members
            .peer(entity, now)
            .map_err(|error| Refusal::new(error.code(), "the directory does not vouch for the member"))
    }

    /// A purpose in exactly this version; `None` if the registry has no such purpose.
    ///
    /// # Errors
    /// `directory-outdated` when the registry has not been seen for 24 hours.
    pub fn purpose(
        &self,
        code: &PurposeCode,
        version: &RegisterVersion,
        now: Timestamp,
    ) -> Result<Option<&Purpose>, Refusal> {
        self.authorize_current(now)?;
        Ok(self.purposes.as_ref().and_then(|purposes| purposes.purpose(code, version)))
    }

    /// The newest version of a purpose.
    ///
    /// # Errors
    /// As [`purpose`](Self::purpose).
    pub fn purpose_newest(&self, code: &PurposeCode, now: Timestamp) -> Result<Option<&Purpose>, Refusal> {
        self.authorize_current(now)?;
        let all = self.purposes.iter().flat_map(|purposes| purposes.iter());
        Ok(all.filter(|purpose| purpose.code == *code).max_by(|a, b| a.version.cmp(&b.version)))
    }

    /// A law that is in force today.
    ///
    /// # Errors
    /// As [`purpose`](Self::purpose).
    pub fn law(&self, id: &LawId, now: Timestamp) -> Result<Option<&Law>, Refusal> {
        self.authorize_current(now)?;
        Ok(self.laws.as_ref().and_then(|laws| laws.law(id, now)))
    }

    /// Refuses registers that have not been seen for as long as a statement lives.
    ///
    /// # Errors
    /// `directory-outdated`.
    pub fn authorize_current(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.age_seconds(now) < STATEMENT_LIFE {
            return Ok(());
        }
        Err(Refusal::new(Code::DirectoryOutdated, "the directory has not been refreshed for 24 hours"))
    }

    /// Seconds since the anchor was last heard.
    pub const fn age_seconds(&self, now: Timestamp) -> i64 {
        now.seconds() - self.fetched_at.seconds()
    }

    /// When the anchor was last heard.
    pub const fn fetched_at(&self) -> Timestamp {
        self.fetched_at
    }

    /// The purposes in force.
    pub const fn purposes(&self) -> Option<&VerifiedPurposes> {
        self.purposes.as_ref()
    }

    /// The laws in force.
    pub const fn laws(&self) -> Option<&VerifiedLaws> {
        self.laws.as_ref()
    }

    /// The anchor's own statement, as it came.
    pub const fn anchor_configuration(&self) -> &CompactJws {
        &self.anchor_configuration
    }

    /// Size of the log as far as the directory tells; stands in receipts.
    pub fn directory_size(&self) -> u64 {
        self.members.members().map(VerifiedMember::directory_size).max().unwrap_or(0)
    }

    /// Every certificate of a member, for the peers' listener: who it is. What a member may do now each route asks; a suspended one,
    /// and one whose statements have ended, is told so and finds no closed door.
    pub fn certificates(&self) -> impl Iterator<Item = (Vec<u8>, EntityId)> {
        self.members.certificates().map(|(der, owner)| (der.to_vec(), owner.clone()))
    }
}

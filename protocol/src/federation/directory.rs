//! The members at one moment: an immutable snapshot, replaced as a whole at each refresh.

use std::collections::HashMap;

use schemas::{
    federation::{Role, Standing},
    id::{DatasetId, EntityId},
    time::Timestamp,
};

use super::{FederationError, VerifiedAnchor, VerifiedMember};

/// The anchor and its members. Look-ups cost a hash; nothing is parsed here.
#[derive(Clone, Debug)]
pub struct Directory {
    anchor: VerifiedAnchor,
    members: HashMap<EntityId, VerifiedMember>,
    /// Who lists this DER; `None` if several do.
    by_certificate: HashMap<Vec<u8>, Option<EntityId>>,
}

impl Directory {
    /// Takes what was verified; of two entries of one member, the later issued.
    pub fn new(anchor: VerifiedAnchor, members: impl IntoIterator<Item = VerifiedMember>) -> Self {
        let mut directory = Self { anchor, members: HashMap::new(), by_certificate: HashMap::new() };
        for member in members {
            let known = directory.members.get(member.entity());
            if known.is_none_or(|known| known.statement_mark().position <= member.statement_mark().position) {
                directory.members.insert(member.entity().clone(), member);
            }
        }
        for member in directory.members.values() {
            for der in member.certificates().filter_map(|certificate| certificate.to_der().ok()) {
                let owner = directory.by_certificate.entry(der).or_insert_with(|| Some(member.entity().clone()));
                if owner.as_ref() != Some(member.entity()) {
                    *owner = None;
                }
            }
        }
        directory
    }

    /// The trust anchor.
    pub fn anchor(&self) -> &VerifiedAnchor {
        &self.anchor
    }

    /// All members, suspended ones included, in no order.
    pub fn members(&self) -> impl Iterator<Item = &VerifiedMember> {
        self.members.values()
    }

    /// A member, whatever its standing: for evidence and for showing.
    pub fn member(&self, entity: &EntityId) -> Option<&VerifiedMember> {
        self.members.get(entity)
    }

    /// A member that may take part now.
    ///
    /// # Errors
    /// [`FederationError::Unknown`], [`FederationError::Suspended`], [`FederationError::Expired`].
    pub fn peer(&self, entity: &EntityId, now: Timestamp) -> Result<&VerifiedMember, FederationError> {
        let member = self.members.get(entity).ok_or_else(|| FederationError::Unknown(entity.clone()))?;
        if member.standing() == Standing::Suspended {
            return Err(FederationError::Suspended(entity.clone()));
        }
        if member.expires() <= now { Err(FederationError::Expired) } else { Ok(member) }
    }

    /// Every certificate (DER) with the one member that lists it, whatever its standing and however old its statements: who calls is
    /// one question, what it may do now is [`peer`](Self::peer)'s. A certificate that two members list belongs to neither.
    pub fn certificates(&self) -> impl Iterator<Item = (&[u8], &EntityId)> {
        self.by_certificate.iter().filter_map(|(der, owner)| Some((der.as_slice(), owner.as_ref()?)))
    }

    /// Active providers of a dataset.
    pub fn providers_of<'a>(&'a self, dataset: &'a DatasetId) -> impl Iterator<Item = &'a VerifiedMember> {
        let offers = |member: &&VerifiedMember| {
            member.standing() == Standing::Active
                && member.roles().contains(&Role::Provider)
                && member.dataset(dataset).is_some()
        };
        self.members.values().filter(offers)
    }
}

#[cfg(test)]
mod tests;

//! Starting from what was seen before, so that a gateway starts while the anchor is away.

use protocol::federation::{
    Directory, FederationError, VerifiedAnchor, VerifiedRegister, verify_chain, verify_register,
};
use schemas::{bundle::TrustRoot, federation::SignedRegister, time::Timestamp};
use service_kit::db::{AnyConnection, DatabaseError};

use super::DirectorySnapshot;
use crate::store::directory::{RegisterKind, StoredChain, member_chain_newest, register_seen_find};

/// There is no directory to start from.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Nothing was ever fetched.
    #[error("no directory has been fetched yet; mend: run `vinimay gateway join`")]
    Empty,
    /// What is stored of the anchor does not verify.
    #[error("the stored statement of the trust anchor cannot be verified; mend: run `vinimay gateway join` again")]
    Anchor(#[source] FederationError),
}

/// Reads and verifies the newest of everything. A chain that has ended is taken too: looking it up says
/// `directory-outdated`, not `peer-unknown`.
///
/// # Errors
/// [`LoadError`].
pub fn load(conn: &mut AnyConnection, root: &TrustRoot, now: Timestamp) -> Result<DirectorySnapshot, LoadError> {
    let (ours, chains): (Vec<_>, Vec<_>) =
        member_chain_newest(conn)?.into_iter().partition(|c| c.entity == root.entity);
    let own = ours.first().ok_or(LoadError::Empty)?;
    let configuration = own.chain.first().ok_or(LoadError::Empty)?.clone();
    let anchor = VerifiedAnchor::verify(&configuration, root, last_valid(own, now)).map_err(LoadError::Anchor)?;
    let fetched_at =
        chains.iter().map(|chain| Timestamp::from_numeric(chain.iat)).max().unwrap_or(Timestamp::from_seconds(0));
    let members = chains.iter().filter_map(|stored| match verify_chain(&stored.chain, root, last_valid(stored, now)) {
        Ok(member) => Some(member),
        Err(error) => {
            tracing::warn!(member = %stored.entity, %error, "a stored trust chain does not verify; the next refresh brings another");
            None
        }
    });
    let members = Directory::new(anchor.clone(), members);
    let mut snapshot =
        DirectorySnapshot { members, anchor_configuration: configuration, purposes: None, laws: None, fetched_at };
    for kind in [RegisterKind::Purposes, RegisterKind::Laws] {
        let Some((_, signatures)) = register_seen_find(conn, kind)? else { continue };
        match verify_register(&SignedRegister { signatures }, &anchor, now) {
            Ok(VerifiedRegister::Purposes(purposes)) => snapshot.purposes = Some(purposes),
            Ok(VerifiedRegister::Laws(laws)) => snapshot.laws = Some(laws),
            Err(error) => tracing::warn!(register = kind.as_str(), %error, "a stored register does not verify"),
        }
    }
    Ok(snapshot)
}

/// Now, or the last second in which the chain counted.
fn last_valid(stored: &StoredChain, now: Timestamp) -> Timestamp {
    now.min(Timestamp::from_numeric(stored.exp.plus(-1)))
}

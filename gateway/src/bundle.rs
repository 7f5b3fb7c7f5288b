//! What an auditor gets: the records of one exchange or trigger, their proofs and time stamps, and the signers' trust chains.
//!
//! Guarantees: whole or not at all; the records leave as they were signed; the chains are those that were valid when the records
//! were signed. Deliberately absent: judging any of it. The auditor's verifier does, with a root it has from elsewhere.

use std::{collections::BTreeSet, time::Duration};

use schemas::{
    bundle::{Bundle, BundleKind, BundledMember, BundledRecord},
    digest::Digest,
    federation::SignedRegister,
    id::{CompactJws, EntityId, MessageId},
    receipt::ReceiptBasis,
    time::NumericDate,
    version::V1,
};
use serde::Deserialize;
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use crate::{
    app::App,
    clients::anchor::{AnchorClient, AnchorError, ServedProof},
    store::{directory::member_chain_at, law_registers::law_register_find},
};

/// Longest wait for the log, seconds.
pub const LONGEST_WAIT: u32 = 10;
/// Between two looks at a log that does not know a record yet.
const LOOK_AGAIN: Duration = Duration::from_millis(150);

/// There is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// No such record.
    #[error("there is no record of this id")]
    Unknown,
    /// Not yet in a published, time-stamped checkpoint.
    #[error("the records are not in a published checkpoint yet")]
    NotYet,
    /// The anchor.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// A record or chain that was stored cannot be read.
    #[error("what is stored of this record cannot be used: {0}")]
    Damaged(&'static str),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Signed records of one matter, as an area keeps them: our own receipt first.
pub struct Records {
    /// Exchange or trigger.
    pub kind: BundleKind,
    /// Each with the entry type under which its signer logs it.
    pub records: Vec<(EntryType, CompactJws)>,
}

/// Finds the records of an id in one area's tables.
pub type Finder = fn(&mut AnyConnection, &MessageId) -> Result<Option<Records>, DatabaseError>;

/// Where records may be; each area with bundles adds its finder.
const FINDERS: &[Finder] = &[crate::store::evidence::exchange_records, crate::store::triggers::bundle_records];

/// Puts the bundle of a receipt together, waiting at most `wait` for the log.
///
/// # Errors
/// [`BundleError`].
pub async fn assemble(app: &App, id: MessageId, wait: Duration) -> Result<Bundle, BundleError> {
    let found = app.db().read(move |conn| find(conn, &id)).await?.ok_or(BundleError::Unknown)?;
    of_records(app, &found, wait).await
}

/// Puts together the evidence of the wallet's build that we serve: our record, as it was signed.
///
/// # Errors
/// [`BundleError`].
pub(crate) async fn of_wallet_build(app: &App, record: CompactJws, wait: Duration) -> Result<Bundle, BundleError> {
    of_records(app, &Records { kind: BundleKind::Build, records: vec![(EntryType::Build, record)] }, wait).await
}

async fn of_records(app: &App, found: &Records, wait: Duration) -> Result<Bundle, BundleError> {
    let client = app.anchor_client()?;
    let deadline = app.clock().monotonic().saturating_add(wait);
    app.wake_anchor();
    let mut records = Vec::with_capacity(found.records.len());
    for (kind, jws) in &found.records {
        let proof = prove(app, &client, *kind, jws, deadline).await?;
        records.push(BundledRecord { jws: jws.clone(), proof: Some(proof.proof), timestamps: proof.timestamps });
    }
    let signed: BTreeSet<(EntityId, NumericDate)> =
        found.records.iter().map(|(_, jws)| signer(jws)).collect::<Result<_, BundleError>>()?;
    let laws: BTreeSet<Digest> = found.records.iter().filter_map(|(_, jws)| law_register(jws)).collect();
    let read = move |conn: &mut AnyConnection| Ok::<_, BundleError>((chains(conn, &signed)?, registers(conn, &laws)?));
    let (members, registers) = app.db().read(read).await?;
    Ok(Bundle { v: V1, kind: found.kind, records, members, registers })
}

fn find(conn: &mut AnyConnection, id: &MessageId) -> Result<Option<Records>, DatabaseError> {
    for finder in FINDERS {
        if let Some(found) = finder(conn, id)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The proof of one record, waiting for it until the deadline.
async fn prove(
    app: &App,
    client: &AnchorClient,
    kind: EntryType,
    jws: &CompactJws,
    deadline: Duration,
) -> Result<ServedProof, BundleError> {
    let digest = Digest::of(jws.as_str());
    loop {
        let left = deadline.saturating_sub(app.clock().monotonic());
        if let Some(proof) = client.proof(kind, &digest, left).await? {
            return Ok(proof);
        }
        if left.is_zero() {
            return Err(BundleError::NotYet);
        }
        // Not in the log yet: our own pump was woken, the other side's has its own pace.
        tokio::time::sleep(LOOK_AGAIN.min(left)).await;
    }
}

#[derive(Deserialize)]
struct Signed {
    iss: EntityId,
    iat: NumericDate,
}

/// Who signed a stored record, and when. It was verified before it was stored.
fn signer(jws: &CompactJws) -> Result<(EntityId, NumericDate), BundleError> {
    let payload = jws.as_str().split('.').nth(1).unwrap_or_default();
    let payload = protocol::seal::decode_base64url(payload).map_err(|_| BundleError::Damaged("a record"))?;
    let signed: Signed = serde_json::from_slice(&payload).map_err(|_| BundleError::Damaged("a record"))?;
    Ok((signed.iss, signed.iat))
}

#[derive(Deserialize)]
struct OnBasis {
    #[serde(default)]
    basis: Option<ReceiptBasis>,
}

/// The register that a receipt under a law names.
fn law_register(jws: &CompactJws) -> Option<Digest> {
    let payload = protocol::seal::decode_base64url(jws.as_str().split('.').nth(1)?).ok()?;
    match serde_json::from_slice::<OnBasis>(&payload).ok()?.basis? {
        ReceiptBasis::Law { digest, .. } => Some(digest),
        ReceiptBasis::Consent { .. } => None,
    }
}

/// The registers of laws that the receipts name, however old; one that we never saw is the auditor's to find.
fn registers(conn: &mut AnyConnection, named: &BTreeSet<Digest>) -> Result<Vec<SignedRegister>, DatabaseError> {
    let mut found = Vec::new();
    for digest in named {
        found.extend(law_register_find(conn, digest)?);
    }
    Ok(found)
}

fn chains(
    conn: &mut AnyConnection,
    signed: &BTreeSet<(EntityId, NumericDate)>,
) -> Result<Vec<BundledMember>, BundleError> {
    let mut members: Vec<BundledMember> = Vec::new();
    for (entity, at) in signed {
        let stored =
            member_chain_at(conn, entity, *at)?.ok_or(BundleError::Damaged("no chain of a signer at that time"))?;
        let member = BundledMember { entity: entity.clone(), chain: stored.chain };
        if !members.contains(&member) {
            members.push(member);
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests;

//! Asking the anchor what is new, and taking what is verified and does not go back.
//!
//! Guarantees: what comes is measured by what was seen before it was asked for. Others ask at the same time (this department's other
//! processes, its commands), and one may ask first and keep last: the anchor did not go back then, and a member that both heard of is
//! one that is known.

use std::{collections::HashMap, sync::Arc};

use futures_util::{StreamExt as _, stream};
use protocol::federation::{
    Directory, FederationError, Mark, VerifiedAnchor, VerifiedMember, VerifiedRegister, resolved_chain, verify_chain,
    verify_register,
};
use schemas::{
    bundle::TrustRoot,
    federation::SignedRegister,
    id::{CompactJws, EntityId},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, Database, DatabaseError};

use super::DirectorySnapshot;
use crate::{
    clients::anchor::{AnchorClient, AnchorError},
    store::{
        directory::{
            RegisterKind, StatementKind, StoredChain, member_chain_insert, register_seen_find, register_seen_put,
            statement_seen_find, statement_seen_put, statements_seen,
        },
        law_registers::law_register_keep,
    },
};

/// Chains asked for at a time.
const AT_A_TIME: usize = 8;
/// A chain that says the same as the one kept before is kept again after so many seconds, for bundles of later records.
const KEEP_AGAIN: i64 = 3_600;

/// The directory could not be refreshed; the one before stays.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The anchor did not answer usably.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// What the anchor says of itself does not verify, or went back.
    #[error("the trust anchor's statement is not acceptable: {0}")]
    Federation(#[from] FederationError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// A refresh that succeeded.
#[derive(Debug)]
pub struct Refreshed {
    /// What is known now.
    pub snapshot: DirectorySnapshot,
    /// Members whose entry could not be refreshed and stays as it was.
    pub stale: Vec<EntityId>,
}

/// Fetches everything through `client`, keeps what is new, and returns what is known now.
///
/// # Errors
/// If the anchor itself cannot be heard or believed. A single member's failure leaves that member as it was.
pub async fn refresh(
    database: &Database,
    client: &AnchorClient,
    root: &TrustRoot,
    before: Option<Arc<DirectorySnapshot>>,
    now: Timestamp,
) -> Result<Refreshed, RefreshError> {
    let fetched = Fetched::fetch(database, client, root, now).await?;
    database.write(move |conn| keep(conn, before.as_deref(), &fetched, now)).await
}

/// What had been seen when the anchor was asked.
struct Seen {
    statements: HashMap<(EntityId, StatementKind), Mark>,
    registers: HashMap<RegisterKind, u64>,
}

impl Seen {
    fn load(conn: &mut AnyConnection) -> Result<Self, DatabaseError> {
        let mut registers = HashMap::new();
        for kind in [RegisterKind::Purposes, RegisterKind::Laws] {
            registers.extend(register_seen_find(conn, kind)?.map(|(version, _)| (kind, version)));
        }
        Ok(Self { statements: statements_seen(conn)?, registers })
    }

    /// Refuses a statement that is older than what had been seen when it was asked for, or that tells of the instant of what was
    /// seen since in other words; remembers it if nobody was faster.
    fn advance(
        &self,
        conn: &mut AnyConnection,
        entity: &EntityId,
        kind: StatementKind,
        new: Mark,
    ) -> Result<(), RefreshError> {
        Mark::advanced(self.statements.get(&(entity.clone(), kind)), new)?;
        match statement_seen_find(conn, entity, kind)? {
            Some(since) if since.position > new.position => {}
            since => {
                Mark::advanced(since.as_ref(), new)?;
                statement_seen_put(conn, entity, kind, new)?;
            }
        }
        Ok(())
    }
}

/// What came, verified, not yet compared with what was seen.
pub(super) struct Fetched {
    seen: Seen,
    configuration: CompactJws,
    anchor: VerifiedAnchor,
    members: Vec<(EntityId, Option<VerifiedMember>)>,
    registers: Vec<(RegisterKind, VerifiedRegister, SignedRegister)>,
}

impl Fetched {
    /// Looks at what was seen, then asks.
    ///
    /// # Errors
    /// As [`refresh`].
    pub(super) async fn fetch(
        database: &Database,
        client: &AnchorClient,
        root: &TrustRoot,
        now: Timestamp,
    ) -> Result<Self, RefreshError> {
        let seen = database.read(Seen::load).await?;
        let configuration = client.configuration().await?;
        let anchor = VerifiedAnchor::verify(&configuration, root, now)?;
        let members = fetch_members(client, &anchor, root, now).await?;
        let registers = fetch_registers(client, &anchor, now).await?;
        Ok(Self { seen, configuration, anchor, members, registers })
    }
}

async fn fetch_members(
    client: &AnchorClient,
    anchor: &VerifiedAnchor,
    root: &TrustRoot,
    now: Timestamp,
) -> Result<Vec<(EntityId, Option<VerifiedMember>)>, RefreshError> {
    let listed = client.members().await?;
    let one = |entity: EntityId| async move {
        let fetched = fetch_member(client, anchor, root, &entity, now).await;
        let member = fetched
            .inspect_err(|error| tracing::warn!(member = %entity, %error, "a member's entry could not be refreshed"))
            .ok();
        (entity, member)
    };
    Ok(stream::iter(listed).map(one).buffer_unordered(AT_A_TIME).collect().await)
}

async fn fetch_member(
    client: &AnchorClient,
    anchor: &VerifiedAnchor,
    root: &TrustRoot,
    entity: &EntityId,
    now: Timestamp,
) -> Result<VerifiedMember, RefreshError> {
    let response = client.resolve(entity).await?;
    let member = verify_chain(&resolved_chain(&response, anchor, entity, now)?, root, now)?;
    if member.entity() == entity {
        Ok(member)
    } else {
        Err(FederationError::NotLinked("a chain of another member").into())
    }
}

async fn fetch_registers(
    client: &AnchorClient,
    anchor: &VerifiedAnchor,
    now: Timestamp,
) -> Result<Vec<(RegisterKind, VerifiedRegister, SignedRegister)>, RefreshError> {
    let mut registers = Vec::new();
    for kind in [RegisterKind::Purposes, RegisterKind::Laws] {
        let Some(signed) = client.register(kind).await? else { continue };
        match verify_register(&signed, anchor, now) {
            Ok(register) if kind_of(&register) == kind => registers.push((kind, register, signed)),
            Ok(_) => tracing::warn!(register = kind.as_str(), "another register came in its place"),
            Err(error) => tracing::warn!(register = kind.as_str(), %error, "a register is not in force"),
        }
    }
    Ok(registers)
}

const fn kind_of(register: &VerifiedRegister) -> RegisterKind {
    match register {
        VerifiedRegister::Purposes(_) => RegisterKind::Purposes,
        VerifiedRegister::Laws(_) => RegisterKind::Laws,
    }
}

/// One transaction: compares with what was seen, keeps what is new.
pub(super) fn keep(
    conn: &mut AnyConnection,
    before: Option<&DirectorySnapshot>,
    new: &Fetched,
    now: Timestamp,
) -> Result<Refreshed, RefreshError> {
    keep_anchor(conn, new)?;
    let mut stale = Vec::new();
    let mut members = Vec::with_capacity(new.members.len());
    for (entity, fetched) in &new.members {
        let known = before.and_then(|before| before.members.member(entity));
        let kept = match fetched {
            Some(member) => keep_member(conn, &new.seen, known, member)?,
            None => false,
        };
        if !kept {
            stale.push(entity.clone());
        }
        members.extend(if kept { fetched.clone() } else { known.cloned() });
    }
    let mut snapshot = DirectorySnapshot {
        members: Directory::new(new.anchor.clone(), members),
        anchor_configuration: new.configuration.clone(),
        purposes: before.and_then(|before| before.purposes.clone()),
        laws: before.and_then(|before| before.laws.clone()),
        fetched_at: now,
    };
    for (kind, register, signed) in &new.registers {
        keep_register(conn, &new.seen, &mut snapshot, (*kind, register, signed))?;
    }
    Ok(Refreshed { snapshot, stale })
}

/// The anchor's own statement must not go back; without it nothing else is believed.
fn keep_anchor(conn: &mut AnyConnection, new: &Fetched) -> Result<(), RefreshError> {
    let (entity, mark) = (new.anchor.entity(), new.anchor.mark());
    new.seen.advance(conn, entity, StatementKind::Configuration, mark)?;
    if new.seen.statements.get(&(entity.clone(), StatementKind::Configuration)) != Some(&mark) {
        let iat = Timestamp::from_seconds(i64::try_from(mark.position).unwrap_or(0)).numeric();
        let exp = new.anchor.expires().numeric();
        member_chain_insert(
            conn,
            &StoredChain { entity: entity.clone(), iat, exp, chain: vec![new.configuration.clone()] },
        )?;
    }
    Ok(())
}

/// Whether the member's entry counts; if not, both stories are in the log line for whoever looks into it.
fn keep_member(
    conn: &mut AnyConnection,
    seen: &Seen,
    known: Option<&VerifiedMember>,
    member: &VerifiedMember,
) -> Result<bool, RefreshError> {
    let entity = member.entity();
    for (kind, mark) in [
        (StatementKind::Configuration, member.configuration_mark()),
        (StatementKind::Subordinate, member.statement_mark()),
    ] {
        match seen.advance(conn, entity, kind, mark) {
            Err(RefreshError::Federation(error)) => {
                let seen = statement_seen_find(conn, entity, kind)?;
                tracing::error!(member = %entity, ?kind, ?seen, new = ?mark, %error, "the directory went back; the entry stays as it was");
                metrics::counter!("directory_went_back_total").increment(1);
                return Ok(false);
            }
            advanced => advanced?,
        }
    }
    if worth_keeping(known, member) {
        let iat = Timestamp::from_seconds(i64::try_from(member.statement_mark().position).unwrap_or(0)).numeric();
        let stored = StoredChain {
            entity: entity.clone(),
            iat,
            exp: member.expires().numeric(),
            chain: member.chain().to_vec(),
        };
        member_chain_insert(conn, &stored)?;
    }
    Ok(true)
}

fn worth_keeping(known: Option<&VerifiedMember>, new: &VerifiedMember) -> bool {
    known.is_none_or(|known| {
        let position = |member: &VerifiedMember| i64::try_from(member.statement_mark().position).unwrap_or(0);
        known.configuration_digest() != new.configuration_digest()
            || known.standing() != new.standing()
            || known.roles() != new.roles()
            || known.chain().last() != new.chain().last()
            // Every statement whose hour differs: at most one an hour, whatever the process remembers.
            || position(known) / KEEP_AGAIN != position(new) / KEEP_AGAIN
    })
}

fn keep_register(
    conn: &mut AnyConnection,
    seen: &Seen,
    snapshot: &mut DirectorySnapshot,
    (kind, register, signed): (RegisterKind, &VerifiedRegister, &SignedRegister),
) -> Result<(), RefreshError> {
    let held = match register {
        VerifiedRegister::Purposes(_) => snapshot.purposes.as_ref().map(|purposes| purposes.mark()),
        VerifiedRegister::Laws(_) => snapshot.laws.as_ref().map(|laws| laws.mark()),
    };
    let mark = register.mark();
    let older = seen.registers.get(&kind).is_some_and(|seen| mark.position < *seen);
    if older || Mark::advanced(held.as_ref(), mark).is_err() {
        tracing::error!(register = kind.as_str(), ?held, new = ?mark, "a register went back; the one before stays");
        metrics::counter!("directory_went_back_total").increment(1);
        return Ok(());
    }
    register_seen_put(conn, kind, mark.position, &signed.signatures)?;
    match register.clone() {
        VerifiedRegister::Purposes(purposes) => snapshot.purposes = Some(purposes),
        VerifiedRegister::Laws(laws) => {
            // Not only when it is new: the newest of a database that is older than this table is kept as well.
            law_register_keep(conn, &mark.digest, mark.position, signed)?;
            snapshot.laws = Some(laws);
        }
    }
    Ok(())
}

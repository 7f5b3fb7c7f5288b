//! The head of the audit trail, signed and put into the log: what was done before it cannot be changed unseen.
//!
//! Guarantees: a head is signed only over a trail whose whole chain verifies, and only when it grew; the signed head
//! is kept, its digest is queued for the log in the same transaction. Deliberately absent: the rows themselves.

use protocol::seal::{self, SealFailed, SigningKey, Typ, random};
use schemas::{
    digest::Digest,
    id::{EntityId, MessageId, Salt},
    time::{NumericDate, Timestamp},
    version::V1,
};
use serde::Serialize;
use service_kit::audit_trail::{self, ChainError};
use tlog::entry::{EntryType, RecordDigest};

use crate::{
    configuration::ConfigurationError,
    store::{self, Connection, StoreError},
};

/// Claims of a `dx-head+jwt` of this anchor.
#[derive(Serialize)]
struct AuditHead {
    v: V1,
    iss: EntityId,
    iat: NumericDate,
    jti: MessageId,
    salt: Salt,
    kind: &'static str,
    seq: i64,
    head: Digest,
}

impl From<ChainError> for ConfigurationError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Database(error) => Self::Store(error.into()),
            ChainError::Broken { .. } => Self::Store(StoreError::Damaged("audit trail")),
        }
    }
}

/// Signs and queues the newest head, if there is a new one.
pub(crate) fn log(
    conn: &mut Connection,
    entity: &EntityId,
    key: &SigningKey,
    now: Timestamp,
) -> Result<(), ConfigurationError> {
    let Some(head) = audit_trail::verify(conn)? else { return Ok(()) };
    if head.seq <= store::anchor::audit_head_newest(conn)? {
        return Ok(());
    }
    let jws = sign(entity, key, &head, now)?;
    store::anchor::audit_head_insert(conn, head.seq, &jws)?;
    store::log::pending_insert(conn, EntryType::Head, RecordDigest::of(jws.as_str().as_bytes()))?;
    Ok(())
}

fn sign(
    entity: &EntityId,
    key: &SigningKey,
    head: &audit_trail::Head,
    now: Timestamp,
) -> Result<schemas::id::CompactJws, SealFailed> {
    let claims = AuditHead {
        v: V1,
        iss: entity.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        kind: "audit",
        seq: head.seq,
        head: Digest::from_bytes(head.hash),
    };
    seal::sign(Typ::Head, key, &claims)
}

#[cfg(test)]
mod tests {
    use diesel::RunQueryDsl;

    use crate::{commands, store, testing::World};

    fn newest(world: &World) -> i64 {
        let database = commands::open(&world.config).unwrap();
        database.read_blocking(store::anchor::audit_head_newest).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_audit_trail_is_in_the_log_after_a_start_and_only_when_it_grew() {
        let mut world = World::started().await;
        assert_eq!(newest(&world), 1, "init is the first row");
        let dept = world.member("social", &["provider"]).await;
        let size = world.log(&dept, 1, &["x"]).await.entries[0].index;
        world.stop().await;
        world.start().await;
        assert!(newest(&world) >= 3, "invitation and entry are rows");
        let grown = world.log(&dept, 1, &["y"]).await.entries[0].index;
        assert_eq!(grown, size + 2, "one entry for the head of the trail");
        world.stop().await;
        world.start().await;
        assert_eq!(world.log(&dept, 1, &["z"]).await.entries[0].index, grown + 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_trail_that_was_changed_beneath_the_anchor_stops_its_start() {
        let world = World::new();
        let database = commands::open(&world.config).unwrap();
        database
            .write_blocking(|conn| {
                let triggers = ["audit_trail_no_update", "audit_trail_no_delete"];
                for trigger in triggers {
                    diesel::sql_query(format!("DROP TRIGGER IF EXISTS {trigger}")).execute(conn)?;
                }
                diesel::sql_query("UPDATE audit_trail SET actor = 'nobody'").execute(conn)?;
                Ok::<_, store::StoreError>(())
            })
            .unwrap();
        drop(database);
        let started = crate::run::start(&world.config, service_kit::clock::Clock::system(), None).await;
        assert!(started.err().unwrap().to_string().contains("audit trail"));
    }
}

//! Leases in the database, for work that one process does at a time, with a fencing number.
//!
//! Guarantees: two processes never hold one name with the same fence; whoever was overtaken is found out by
//! [`Lease::check`] inside its own transaction. Deliberately absent: any trust in the clocks of two machines being
//! equal; a lease taken too early by a fast clock costs work done twice, never a wrong commit.

use std::time::Duration;

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};

use crate::db::AnyConnection;

/// A held lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    name: String,
    holder: String,
    fence: i64,
}

#[derive(QueryableByName)]
struct Fence {
    #[diesel(sql_type = BigInt)]
    fence: i64,
}

impl Lease {
    /// Takes the lease if nobody holds it at `now_ms`, or this holder does already (then with a new fence: a
    /// restarted process overtakes its own past). `None`: somebody else holds it.
    pub fn acquire(
        conn: &mut AnyConnection,
        name: &str,
        holder: &str,
        now_ms: u64,
        lasts: Duration,
    ) -> QueryResult<Option<Self>> {
        let taken: Option<Fence> = sql_query(
            "INSERT INTO lease (name, holder, fence, until_ms) VALUES ($1, $2, 1, $3) \
             ON CONFLICT (name) DO UPDATE \
             SET holder = excluded.holder, fence = lease.fence + 1, until_ms = excluded.until_ms \
             WHERE lease.until_ms <= $4 OR lease.holder = excluded.holder RETURNING fence",
        )
        .bind::<Text, _>(name)
        .bind::<Text, _>(holder)
        .bind::<BigInt, _>(until(now_ms, lasts))
        .bind::<BigInt, _>(signed(now_ms))
        .get_result(conn)
        .optional()?;
        Ok(taken.map(|Fence { fence }| Self { name: name.to_owned(), holder: holder.to_owned(), fence }))
    }

    /// Holds on for `lasts` from `now_ms`. `false`: the lease was lost, and the work must stop.
    pub fn renew(&self, conn: &mut AnyConnection, now_ms: u64, lasts: Duration) -> QueryResult<bool> {
        let rows = sql_query("UPDATE lease SET until_ms = $1 WHERE name = $2 AND holder = $3 AND fence = $4")
            .bind::<BigInt, _>(until(now_ms, lasts))
            .bind::<Text, _>(&self.name)
            .bind::<Text, _>(&self.holder)
            .bind::<BigInt, _>(self.fence)
            .execute(conn)?;
        Ok(rows == 1)
    }

    /// Whether nobody has overtaken this holder. Inside a transaction the answer holds until its COMMIT, because
    /// the row stays locked (PostgreSQL) or nobody else can write (SQLite).
    pub fn check(&self, conn: &mut AnyConnection) -> QueryResult<bool> {
        let rows = sql_query("UPDATE lease SET fence = fence WHERE name = $1 AND holder = $2 AND fence = $3")
            .bind::<Text, _>(&self.name)
            .bind::<Text, _>(&self.holder)
            .bind::<BigInt, _>(self.fence)
            .execute(conn)?;
        Ok(rows == 1)
    }

    /// Gives the lease back, so that the next holder need not wait.
    pub fn release(self, conn: &mut AnyConnection) -> QueryResult<()> {
        sql_query("UPDATE lease SET until_ms = 0 WHERE name = $1 AND holder = $2 AND fence = $3")
            .bind::<Text, _>(self.name)
            .bind::<Text, _>(self.holder)
            .bind::<BigInt, _>(self.fence)
            .execute(conn)
            .map(drop)
    }

    /// The fencing number: greater for each later holder.
    pub const fn fence(&self) -> i64 {
        self.fence
    }
}

fn until(now_ms: u64, lasts: Duration) -> i64 {
    signed(now_ms.saturating_add(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX)))
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::both_databases;

    const TEN: Duration = Duration::from_secs(10);

    #[tokio::test(flavor = "multi_thread")]
    async fn one_holder_at_a_time_and_the_fence_grows() {
        for world in both_databases().await {
            let mut conn = world.database.lend_writer().unwrap();
            let first = Lease::acquire(&mut conn, "pump", "a", 1_000, TEN).unwrap().unwrap();
            assert!(Lease::acquire(&mut conn, "pump", "b", 10_999, TEN).unwrap().is_none(), "still held");
            assert!(Lease::acquire(&mut conn, "other", "b", 1_000, TEN).unwrap().is_some(), "names are apart");
            assert!(first.renew(&mut conn, 5_000, TEN).unwrap() && first.check(&mut conn).unwrap());
            assert!(Lease::acquire(&mut conn, "pump", "b", 14_999, TEN).unwrap().is_none(), "renewed");

            let second = Lease::acquire(&mut conn, "pump", "b", 15_000, TEN).unwrap().unwrap();
            assert!(second.fence() > first.fence());
            assert!(!first.check(&mut conn).unwrap(), "the overtaken holder finds out");
            assert!(!first.renew(&mut conn, 15_001, TEN).unwrap());
            assert!(second.check(&mut conn).unwrap());
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_restarted_holder_overtakes_its_own_past_and_a_released_lease_is_free() {
        for world in both_databases().await {
            let mut conn = world.database.lend_writer().unwrap();
            let before = Lease::acquire(&mut conn, "pump", "a", 0, TEN).unwrap().unwrap();
            let after = Lease::acquire(&mut conn, "pump", "a", 1, TEN).unwrap().unwrap();
            assert!(!before.check(&mut conn).unwrap() && after.check(&mut conn).unwrap());
            after.release(&mut conn).unwrap();
            assert!(Lease::acquire(&mut conn, "pump", "b", 2, TEN).unwrap().is_some());
        }
    }
}

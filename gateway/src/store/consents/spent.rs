//! What may be presented once.

use diesel::{
    QueryResult, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::time::Timestamp;
use service_kit::db::AnyConnection;

/// Of what kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// A nonce of the citizen endpoints.
    Citizen,
    /// A nonce of the identity registry's credential endpoint.
    Identity,
    /// The id of a DPoP proof.
    Dpop,
    /// A nonce that proves presence inside a consent; spent for that one consent (`store::exchange::live_nonces`).
    Live,
}

impl Once {
    /// As it stands in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Identity => "identity",
            Self::Dpop => "dpop",
            Self::Live => "live",
        }
    }
}

/// Spends a value; `false` if it was spent before, by whichever process. `until`: when it would be too old anyway.
pub fn spend(conn: &mut AnyConnection, once: Once, value: &str, until: Timestamp) -> QueryResult<bool> {
    let written = sql_query("INSERT INTO spent (kind, value, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(once.word())
        .bind::<Text, _>(value)
        .bind::<BigInt, _>(until.seconds())
        .execute(conn)?;
    Ok(written == 1)
}

/// Forgets what ended before this time.
pub fn spent_prune(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<usize> {
    sql_query("DELETE FROM spent WHERE until < $1").bind::<BigInt, _>(before.seconds()).execute(conn)
}

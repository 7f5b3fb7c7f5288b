//! A statement written at run time that a connection prepares once and keeps, as it keeps those written with diesel's types.
//!
//! diesel prepares `sql_query` anew at each call: on PostgreSQL one more round trip, parsing and planning. Guarantees: values are
//! bound and never become text; a statement with many values is not kept, so that lists of every length do not fill the server's
//! memory. Deliberately absent: checking of the SQL; whoever writes it takes names from literals and lists of this program.

use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Nullable, Text, Untyped},
};

use super::{AnyConnection, MultiBackend};

/// Values of a statement that is kept.
const KEPT: usize = 64;

/// A bound value.
#[derive(Clone, Debug)]
pub enum Bind {
    /// Text.
    Text(String),
    /// Text or NULL.
    MaybeText(Option<String>),
    /// A 64-bit number.
    Integer(i64),
    /// A 64-bit number or NULL.
    MaybeInteger(Option<i64>),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// SQL with its bound values: between two pieces of text stands a value.
#[derive(Clone, Debug)]
pub struct Prepared {
    pieces: Vec<String>,
    binds: Vec<Bind>,
}

impl Prepared {
    /// Begins with this text.
    pub fn new(sql: &str) -> Self {
        Self { pieces: vec![sql.to_owned()], binds: Vec::new() }
    }

    /// Adds text.
    pub fn push_sql(&mut self, sql: &str) {
        match self.pieces.last_mut() {
            Some(piece) => piece.push_str(sql),
            None => self.pieces.push(sql.to_owned()),
        }
    }

    /// Adds a value.
    pub fn push_bind(&mut self, value: Bind) {
        self.binds.push(value);
        self.pieces.push(String::new());
    }

    /// The values, in their order.
    pub fn binds(&self) -> &[Bind] {
        &self.binds
    }

    /// The text with `$1`, `$2`, … where the values stand.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (place, piece) in self.pieces.iter().enumerate() {
            if place > 0 {
                text.push_str(&format!("${place}"));
            }
            text.push_str(piece);
        }
        text
    }
}

impl QueryFragment<MultiBackend> for Prepared {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.binds.len() > KEPT {
            out.unsafe_to_cache_prepared();
        }
        for (place, piece) in self.pieces.iter().enumerate() {
            if let Some(bind) = place.checked_sub(1).and_then(|before| self.binds.get(before)) {
                match bind {
                    Bind::Text(text) => out.push_bind_param::<Text, _>(text)?,
                    Bind::MaybeText(text) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                    Bind::Integer(number) => out.push_bind_param::<BigInt, _>(number)?,
                    Bind::MaybeInteger(number) => out.push_bind_param::<Nullable<BigInt>, _>(number)?,
                    Bind::Bytes(bytes) => out.push_bind_param::<Binary, _>(bytes)?,
                }
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl QueryId for Prepared {
    type QueryId = ();
    /// Known by its text, not by its type.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared {
    type SqlType = Untyped;
}

impl RunQueryDsl<AnyConnection> for Prepared {}

#[cfg(test)]
mod tests {
    use diesel::QueryableByName;

    use super::*;
    use crate::testing::both_databases;

    #[derive(QueryableByName, Debug, PartialEq, Eq)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
        #[diesel(sql_type = Nullable<BigInt>)]
        number: Option<i64>,
    }

    fn select(text: &str, number: Option<i64>) -> Prepared {
        let mut statement = Prepared::new("SELECT CAST(");
        statement.push_bind(Bind::Text(text.to_owned()));
        statement.push_sql(" AS TEXT) AS text, CAST(");
        statement.push_bind(Bind::MaybeInteger(number));
        statement.push_sql(" AS BIGINT) AS number");
        statement
    }

    #[test]
    fn text_is_never_made_of_values() {
        let statement = select("'; DROP TABLE roll; --", Some(7));
        assert_eq!(statement.text(), "SELECT CAST($1 AS TEXT) AS text, CAST($2 AS BIGINT) AS number");
        assert_eq!(statement.binds().len(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn values_go_in_and_come_out_again_and_again() {
        for world in both_databases().await {
            let read = world.database.read(|conn| {
                let mut rows = Vec::new();
                for (text, number) in [("a", Some(1)), ("'b' $1 ?", None), ("", Some(i64::MIN))] {
                    rows.extend(select(text, number).load::<Row>(conn)?);
                }
                Ok::<_, super::super::DatabaseError>(rows)
            });
            let row = |text: &str, number| Row { text: text.to_owned(), number };
            assert_eq!(read.await.unwrap(), [row("a", Some(1)), row("'b' $1 ?", None), row("", Some(i64::MIN))]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_short_statement_is_prepared_once_and_a_long_one_each_time() {
        #[derive(QueryableByName)]
        struct Kept {
            #[diesel(sql_type = BigInt)]
            kept: i64,
        }
        let world = crate::testing::DatabaseWorld::postgres(&crate::db::Migrations::none());
        let kept = world.database.read(|conn| {
            for number in 0..3 {
                select("x", Some(number)).load::<Row>(conn)?;
                let mut long = Prepared::new("SELECT 'x' AS text, 1::bigint AS number WHERE 0 IN (0");
                for value in 0..i64::try_from(KEPT).unwrap_or(0) + 1 {
                    long.push_sql(", ");
                    long.push_bind(Bind::Integer(value));
                }
                long.push_sql(")");
                long.load::<Row>(conn)?;
            }
            let count = "SELECT COUNT(*) AS kept FROM pg_prepared_statements WHERE statement LIKE '%AS text%' AND statement NOT LIKE '%kept%'";
            Ok::<_, super::super::DatabaseError>(diesel::sql_query(count).get_result::<Kept>(conn)?.kept)
        });
        assert_eq!(kept.await.unwrap(), 1);
    }
}

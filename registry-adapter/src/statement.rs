//! SQL text that cannot be injected into: literals of this crate, listed names, bound values, nothing else.
//!
//! Guarantees: there is no way to put run-time text into a statement except [`Statement::name`] and
//! [`Statement::table`], which take members of the closed set, and [`Statement::event`] and [`Statement::event_named`], whose alphabet
//! has no quote.
//! Every value is bound. Results are read as text (`CAST(… AS TEXT)`), one way for both engines.

use diesel::{
    QueryResult, RunQueryDsl,
    deserialize::FromSql,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use diesel_dynamic_schema::dynamic_value::{Any, DynamicRow};
use schemas::{digest::Digest, id::EventType};
use service_kit::db::{AnyConnection, MultiBackend};

use crate::{
    catalogue::{Column, ColumnKind, Engine, Identifier, Table},
    install::RoleName,
    mapping::RollId,
};

/// A value that a source sent, as text.
#[derive(Debug)]
pub(crate) struct SourceText(String);

impl FromSql<Any, MultiBackend> for SourceText {
    fn from_sql(bytes: <MultiBackend as diesel::backend::Backend>::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        <String as FromSql<Text, MultiBackend>>::from_sql(bytes).map(Self)
    }
}

/// One row of texts.
#[derive(Debug)]
pub(crate) struct Row(Vec<Option<String>>);

impl Row {
    /// The text in this place; `None` for NULL.
    pub(crate) fn text(&self, place: usize) -> Option<&str> {
        self.0.get(place)?.as_deref()
    }

    /// The values in their order.
    pub(crate) fn into_values(self) -> Vec<Option<String>> {
        self.0
    }
}

impl From<DynamicRow<Option<SourceText>>> for Row {
    fn from(row: DynamicRow<Option<SourceText>>) -> Self {
        Self(row.into_iter().map(|value| value.map(|SourceText(text)| text)).collect())
    }
}

/// A bound value.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    Text(Option<String>),
    Integer(i64),
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Bind {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Bind {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// A statement being written.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    text: String,
    binds: Vec<Bind>,
}

impl Statement {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { text: sql.to_owned(), binds: Vec::new() }
    }

    /// More SQL, known when this crate was compiled.
    pub(crate) fn sql(mut self, sql: &'static str) -> Self {
        self.text.push_str(sql);
        self
    }

    /// A listed name, quoted.
    pub(crate) fn name(mut self, name: &Identifier) -> Self {
        self.text.push('"');
        self.text.push_str(name.as_str());
        self.text.push('"');
        self
    }

    /// A listed table, quoted, with its schema where it has one.
    pub(crate) fn table(self, table: &Table) -> Self {
        match &table.schema {
            Some(schema) => self.name(schema).sql(".").name(&table.name),
            None => self.name(&table.name),
        }
    }

    /// A column of any kind as text.
    pub(crate) fn text_of(self, column: &Column) -> Self {
        self.sql("CAST(").name(&column.name).sql(" AS TEXT)")
    }

    /// The columns as texts, separated by commas.
    pub(crate) fn texts_of<'c>(mut self, columns: impl IntoIterator<Item = &'c Column>) -> Self {
        for (place, column) in columns.into_iter().enumerate() {
            self = if place == 0 { self } else { self.sql(", ") }.text_of(column);
        }
        self
    }

    /// The type of an event as a string literal, for a trigger's body, where nothing can be bound. An [`EventType`]
    /// holds lower case letters, digits, dots, hyphens and underscores alone.
    pub(crate) fn event(mut self, event: &EventType) -> Self {
        self.text.push('\'');
        self.text.push_str(event.as_str());
        self.text.push('\'');
        self
    }

    /// A name that begins with a literal of this crate and ends with the type of an event, quoted; its alphabet has no quote.
    pub(crate) fn event_named(mut self, prefix: &'static str, event: &EventType) -> Self {
        self.text.push('"');
        self.text.push_str(prefix);
        self.text.push_str(event.as_str());
        self.text.push('"');
        self
    }

    /// The name of a roll as a string literal, for a trigger's body or arguments. A [`RollId`] holds lower case letters,
    /// digits, dots, hyphens and underscores alone.
    pub(crate) fn roll(mut self, roll: &RollId) -> Self {
        self.text.push('\'');
        self.text.push_str(roll.as_str());
        self.text.push('\'');
        self
    }

    /// A name of ours for something of one roll, quoted: the prefix and 16 hex digits of the roll's name hashed, for a name may
    /// be longer than the engine keeps.
    pub(crate) fn named_for(mut self, prefix: &'static str, roll: &RollId) -> Self {
        let hash = hex::encode(Digest::of(roll.as_str()).as_bytes());
        self.text.push('"');
        self.text.push_str(prefix);
        self.text.push_str(hash.get(..16).unwrap_or_default());
        self.text.push('"');
        self
    }

    /// A listed name as a string literal, for a trigger's arguments. An identifier has no quote.
    pub(crate) fn name_literal(mut self, name: &Identifier) -> Self {
        self.text.push('\'');
        self.text.push_str(name.as_str());
        self.text.push('\'');
        self
    }

    /// A database role, quoted. [`RoleName`] has the form of an identifier.
    pub(crate) fn role(mut self, role: &RoleName) -> Self {
        self.text.push('"');
        self.text.push_str(role.as_str());
        self.text.push('"');
        self
    }

    /// A name that begins with a literal of this crate, quoted.
    pub(crate) fn prefixed(mut self, prefix: &'static str, name: &Identifier) -> Self {
        self.text.push('"');
        self.text.push_str(prefix);
        self.text.push_str(name.as_str());
        self.text.push('"');
        self
    }

    /// A bound value. `$n` is understood by both engines; SQLite numbers them in the order of first appearance.
    pub(crate) fn bind(mut self, value: impl Into<Bind>) -> Self {
        self.binds.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.binds.len().to_string());
        self
    }

    /// A bound text, converted as the column on PostgreSQL wants it; SQLite's affinity does so by itself.
    pub(crate) fn bind_for(self, engine: Engine, column: &Column, value: impl Into<Bind>) -> Self {
        let as_type = match (engine, column.kind) {
            (Engine::Postgres, ColumnKind::Date) => " AS DATE)",
            (Engine::Postgres, ColumnKind::Integer) => " AS BIGINT)",
            (Engine::Postgres, ColumnKind::Boolean) => " AS BOOLEAN)",
            _ => return self.bind(value),
        };
        self.sql("CAST(").bind(value).sql(as_type)
    }

    fn query(self) -> BoxedSqlQuery<'static, MultiBackend, SqlQuery> {
        self.binds.into_iter().fold(sql_query(self.text).into_boxed(), |query, bind| match bind {
            Bind::Text(text) => query.bind::<Nullable<Text>, _>(text),
            Bind::Integer(number) => query.bind::<BigInt, _>(number),
        })
    }

    /// Runs it; gives the number of rows changed.
    pub(crate) fn execute(self, conn: &mut AnyConnection) -> QueryResult<usize> {
        self.query().execute(conn)
    }

    /// Runs it; gives the rows, all columns of which must be text.
    pub(crate) fn rows(self, conn: &mut AnyConnection) -> QueryResult<Vec<Row>> {
        Ok(self.query().load::<DynamicRow<Option<SourceText>>>(conn)?.into_iter().map(Row::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_holds_literals_and_names_and_values_are_bound() {
        let statement = Statement::new("SELECT 1 WHERE x = ").bind("'; DROP TABLE roll; --").sql(" AND n = ").bind(7);
        assert_eq!(statement.text, "SELECT 1 WHERE x = $1 AND n = $2");
        assert_eq!(statement.binds.len(), 2);
    }
}

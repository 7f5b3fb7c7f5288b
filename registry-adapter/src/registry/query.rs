//! The one query that reads a dataset: the fields of a grant, of one key, in one range of days.
//!
//! Guarantees: columns that the grant does not need are not selected; the key and the days are bound; at most
//! [`super::ROW_LIMIT`] rows. Deliberately absent: what of it may leave; [`super::Registry::fetch`] lets the grant say that.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    QueryDsl, QueryResult, RunQueryDsl,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Bool, Nullable, Text},
};
use diesel_dynamic_schema::{
    Column as DynamicColumn, DynamicSelectClause, Table as DynamicTable, dynamic_value::DynamicRow, schema, table,
};
use schemas::{
    answer::FieldValue,
    consent::DataRange,
    id::{DatasetId, FieldName},
};
use service_kit::db::{AnyConnection, MultiBackend};

use super::{ROW_LIMIT, RegistryError};
use crate::{
    catalogue::{Column, ColumnKind, Engine},
    key::LocalKey,
    mapping::{Dataset, Field, Mapping},
    row::{field_value, key_bind, where_key},
    statement::{Bind, Row, SourceText, Statement},
};

/// What a grant allows to be read, without its proofs. Made from a grant alone.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) dataset: DatasetId,
    pub(crate) fields: BTreeSet<FieldName>,
    pub(crate) range: Option<DataRange>,
}

/// What was read, before anything of it may leave.
pub(crate) type Rows = Vec<BTreeMap<FieldName, FieldValue>>;

/// Reads. `None`: no row has this key.
pub(crate) fn read(
    conn: &mut AnyConnection,
    mapping: &Mapping,
    reading: &Reading,
    key: &LocalKey,
) -> Result<Option<Rows>, RegistryError> {
    let dataset = mapping.datasets.iter().find(|dataset| dataset.id == reading.dataset);
    let dataset = dataset.ok_or_else(|| RegistryError::DatasetUnknown(reading.dataset.clone()))?;
    let fields: Vec<&Field> = dataset.fields.iter().filter(|field| reading.fields.contains(&field.name)).collect();
    if fields.is_empty() {
        return Err(RegistryError::NothingMapped(dataset.id.clone()));
    }
    let range = range_filter(dataset, reading.range, mapping.engine)?;
    let Some(bind) = key_bind(&dataset.key, key) else { return Ok(None) };
    let rows = select(dataset, &fields, bind.clone(), range, conn)?;
    if rows.len() > ROW_LIMIT {
        return Err(RegistryError::TooManyRows(dataset.id.clone()));
    }
    // Nothing in those days is an answer; nobody of that key is none.
    if rows.is_empty() && (reading.range.is_none() || !exists(dataset, bind, conn)?) {
        return Ok(None);
    }
    rows.into_iter().map(|row| values(dataset, &fields, row)).collect::<Result<_, _>>().map(Some)
}

fn values(dataset: &Dataset, selected: &[&Field], row: Row) -> Result<BTreeMap<FieldName, FieldValue>, RegistryError> {
    let read = |(field, text): (&&Field, Option<String>)| {
        let value = field_value(field.kind, text.as_deref()).map_err(|unreadable| RegistryError::ValueUnreadable {
            dataset: dataset.id.clone(),
            field: field.name.clone(),
            expected: unreadable.expected,
        })?;
        Ok((field.name.clone(), value))
    };
    selected.iter().zip(row.into_values()).map(read).collect()
}

fn exists(dataset: &Dataset, key: Bind, conn: &mut AnyConnection) -> QueryResult<bool> {
    let statement = Statement::new("SELECT '1' FROM ").table(&dataset.table).sql(" WHERE ");
    Ok(!where_key(statement, &dataset.key, key).sql(" LIMIT 1").rows(conn)?.is_empty())
}

fn select(
    dataset: &Dataset,
    fields: &[&Field],
    key: Bind,
    range: Option<RangeFilter>,
    conn: &mut AnyConnection,
) -> QueryResult<Vec<Row>> {
    let source: Source<'_> = match &dataset.table.schema {
        Some(name) => schema(name.as_str()).table(dataset.table.name.as_str()),
        None => table(dataset.table.name.as_str()),
    };
    let mut clause = DynamicSelectClause::<MultiBackend, Source<'_>>::new();
    for field in fields {
        clause.add_field(AsText(source.column(field.column.name.as_str())));
    }
    let filter = Filter { source, key: (&dataset.key, key), range };
    let rows = source.select(clause).filter(filter).limit(ROW_LIMIT as i64 + 1);
    Ok(rows.load::<DynamicRow<Option<SourceText>>>(conn)?.into_iter().map(Row::from).collect())
}

type Source<'a> = DynamicTable<&'a str, &'a str>;

/// `CAST("t"."c" AS TEXT)`: every kind of column, read one way on both engines.
#[derive(ValidGrouping)]
struct AsText<'a>(DynamicColumn<Source<'a>, &'a str, Nullable<Text>>);

impl QueryId for AsText<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for AsText<'_> {
    type SqlType = Nullable<Text>;
}
impl<'a> AppearsOnTable<Source<'a>> for AsText<'a> {}
impl<'a> SelectableExpression<Source<'a>> for AsText<'a> {}

impl QueryFragment<MultiBackend> for AsText<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("CAST(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" AS TEXT)");
        Ok(())
    }
}

/// `key = $1` and, where the grant names days, `column BETWEEN first AND last`.
struct Filter<'a> {
    source: Source<'a>,
    key: (&'a Column, Bind),
    range: Option<RangeFilter>,
}

struct RangeFilter {
    column: Column,
    first: String,
    last: String,
    /// PostgreSQL compares dates, SQLite their ISO 8601 texts.
    as_date: bool,
}

fn range_filter(
    dataset: &Dataset,
    range: Option<DataRange>,
    engine: Engine,
) -> Result<Option<RangeFilter>, RegistryError> {
    let Some(range) = range else { return Ok(None) };
    let column = dataset.range.clone().ok_or_else(|| RegistryError::RangeUnsupported(dataset.id.clone()))?;
    let as_date = engine == Engine::Postgres && column.kind == ColumnKind::Date;
    Ok(Some(RangeFilter { column, first: range.from.to_string(), last: range.to.to_string(), as_date }))
}

impl QueryId for Filter<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl ValidGrouping<()> for Filter<'_> {
    type IsAggregate = is_aggregate::No;
}
impl Expression for Filter<'_> {
    type SqlType = Bool;
}
impl<'a> AppearsOnTable<Source<'a>> for Filter<'a> {}

impl QueryFragment<MultiBackend> for Filter<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        self.column(self.key.0, out.reborrow())?;
        out.push_sql(" = ");
        match &self.key.1 {
            Bind::Text(text) => out.push_bind_param::<Nullable<Text>, _>(text)?,
            Bind::Integer(number) => out.push_bind_param::<BigInt, _>(number)?,
        }
        let Some(range) = &self.range else { return Ok(()) };
        out.push_sql(" AND ");
        self.column(&range.column, out.reborrow())?;
        let (before, between, after) = if range.as_date {
            (" BETWEEN CAST(", " AS DATE) AND CAST(", " AS DATE)")
        } else {
            (" BETWEEN ", " AND ", "")
        };
        out.push_sql(before);
        out.push_bind_param::<Text, _>(&range.first)?;
        out.push_sql(between);
        out.push_bind_param::<Text, _>(&range.last)?;
        out.push_sql(after);
        Ok(())
    }
}

impl Filter<'_> {
    fn column<'b>(&'b self, column: &'b Column, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.source.walk_ast(out.reborrow())?;
        out.push_sql(".");
        out.push_identifier(column.name.as_str())
    }
}

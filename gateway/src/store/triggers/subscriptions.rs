//! Subscriptions and their two signed copies.

use std::collections::BTreeMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Nullable, Text},
};
use protocol::event::SubscriptionTerms;
use schemas::{
    digest::Digest,
    event::{EventBasis, Subscription},
    id::{CompactJws, EntityId, EventType, LawId, MessageId, PurposeCode},
    time::CivilDate,
};
use service_kit::db::AnyConnection;

use super::{PersonIndex, Side};
use crate::store::exchange::statement::{ROWS, Statement, read};

/// A subscription as both sides agreed upon it, or as we proposed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: MessageId,
    /// The other side.
    pub peer: EntityId,
    /// Types.
    pub types: Vec<EventType>,
    /// For what.
    pub purpose: PurposeCode,
    /// Under which law.
    pub law: LawId,
    /// Last day.
    pub until: CivilDate,
    /// The source's copy, once there.
    pub source_copy: Option<CompactJws>,
    /// The subscriber's copy.
    pub subscriber_copy: Option<CompactJws>,
}

impl SubscriptionRow {
    /// Whether both sides have signed and it lasts on that day.
    pub fn in_force(&self, day: CivilDate) -> bool {
        self.source_copy.is_some() && self.subscriber_copy.is_some() && day <= self.until
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    event_types: String,
    #[diesel(sql_type = Text)]
    purpose: String,
    #[diesel(sql_type = Text)]
    law: String,
    #[diesel(sql_type = Text)]
    until_day: String,
    #[diesel(sql_type = Nullable<Text>)]
    source_copy: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    subscriber_copy: Option<String>,
}

impl Row {
    fn parsed(self) -> QueryResult<SubscriptionRow> {
        Ok(SubscriptionRow {
            id: read(&self.id)?,
            peer: read(&self.peer)?,
            types: self.event_types.split(' ').map(read).collect::<QueryResult<_>>()?,
            purpose: read(&self.purpose)?,
            law: read(&self.law)?,
            until: read(&self.until_day)?,
            source_copy: self.source_copy.as_deref().map(read).transpose()?,
            subscriber_copy: self.subscriber_copy.as_deref().map(read).transpose()?,
        })
    }
}

const SELECT: &str = "SELECT s.id, s.peer, s.event_types, s.purpose, s.law, s.until_day, a.jws AS source_copy, b.jws AS subscriber_copy \
     FROM subscription s \
     LEFT JOIN subscription_copy a ON a.subscription = s.id AND a.signer = 'source' \
     LEFT JOIN subscription_copy b ON b.subscription = s.id AND b.signer = 'subscriber' ";

/// Writes a subscription's terms; `false`: the id is known already.
pub fn subscription_insert(conn: &mut AnyConnection, side: Side, terms: &SubscriptionTerms) -> QueryResult<bool> {
    let peer = match side {
        Side::Source => &terms.subscriber,
        Side::Subscriber => &terms.source,
    };
    let types: Vec<&str> = terms.types.iter().map(EventType::as_str).collect();
    let EventBasis::Law { id: law } = &terms.basis;
    let until = terms.until.to_string();
    let inserted =
        Statement::new("INSERT INTO subscription (id, role, peer, event_types, purpose, law, until_day) VALUES ")
            .row([
                terms.id.as_str().into(),
                side.as_str().into(),
                peer.as_str().into(),
                types.join(" ").as_str().into(),
                terms.purpose.as_str().into(),
                law.as_str().into(),
                until.as_str().into(),
            ])
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    Ok(inserted == 1)
}

/// Writes one side's copy; the first one stays.
pub fn subscription_copy_insert(
    conn: &mut AnyConnection,
    subscription: &MessageId,
    signer: Side,
    jws: &CompactJws,
) -> QueryResult<()> {
    let digest = Digest::of(jws.as_str()).to_string();
    Statement::new("INSERT INTO subscription_copy (subscription, signer, digest, jws) VALUES ")
        .row([subscription.as_str().into(), signer.as_str().into(), digest.as_str().into(), jws.as_str().into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

/// One by its id.
pub fn subscription_find(conn: &mut AnyConnection, side: Side, id: &MessageId) -> QueryResult<Option<SubscriptionRow>> {
    let rows: Vec<Row> = Statement::new(SELECT)
        .sql("WHERE s.id = ")
        .bind(id.as_str())
        .sql(" AND s.role = ")
        .bind(side.as_str())
        .load(conn)?;
    rows.into_iter().next().map(Row::parsed).transpose()
}

/// All with one peer, those that last longest first.
pub fn subscriptions_with(conn: &mut AnyConnection, side: Side, peer: &EntityId) -> QueryResult<Vec<SubscriptionRow>> {
    let select =
        Statement::new(SELECT).sql("WHERE s.role = ").bind(side.as_str()).sql(" AND s.peer = ").bind(peer.as_str());
    let rows: Vec<Row> = select.sql(" ORDER BY s.until_day DESC, s.id DESC").load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

#[derive(QueryableByName)]
struct Followed {
    #[diesel(sql_type = Text)]
    person_index: String,
    #[diesel(sql_type = Text)]
    subscription: String,
}

/// Which subscriptions follow each of these people on that day, those that last longest first; by the people's hashes.
pub fn following(
    conn: &mut AnyConnection,
    people: &[PersonIndex],
    day: CivilDate,
) -> QueryResult<BTreeMap<String, Vec<MessageId>>> {
    let (day, mut found) = (day.to_string(), BTreeMap::<String, Vec<MessageId>>::new());
    for chunk in people.chunks(ROWS) {
        let select = Statement::new(
            "SELECT f.person_index, f.subscription FROM follow f JOIN subscription s ON s.id = f.subscription \
             WHERE s.role = 'source' AND f.person_index IN ",
        );
        let select = select.row(chunk.iter().map(|person| person.as_str().into()));
        let select =
            select.sql(" AND f.until_day >= ").bind(day.as_str()).sql(" AND s.until_day >= ").bind(day.as_str());
        for row in select.sql(" ORDER BY s.until_day DESC, s.id DESC").load::<Followed>(conn)? {
            found.entry(row.person_index).or_default().push(read(&row.subscription)?);
        }
    }
    Ok(found)
}

/// These of the source's side.
pub fn subscriptions_by_id(conn: &mut AnyConnection, ids: &[&MessageId]) -> QueryResult<Vec<SubscriptionRow>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(ROWS) {
        let select = Statement::new(SELECT).sql("WHERE s.role = 'source' AND s.id IN ");
        for row in select.row(chunk.iter().map(|id| id.as_str().into())).load::<Row>(conn)? {
            found.push(row.parsed()?);
        }
    }
    Ok(found)
}

/// All that speak of everybody, on that day, those that last longest first.
pub fn subscriptions_of_population(conn: &mut AnyConnection, day: CivilDate) -> QueryResult<Vec<SubscriptionRow>> {
    let select = Statement::new(SELECT)
        .sql("JOIN subscription_scope c ON c.subscription = s.id WHERE s.role = 'source' AND c.scope = 'population' ")
        .sql("AND s.until_day >= ")
        .bind(day.to_string().as_str());
    let rows: Vec<Row> = select.sql(" ORDER BY s.until_day DESC, s.id DESC").load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// All of one side.
pub fn subscriptions_all(conn: &mut AnyConnection, side: Side) -> QueryResult<Vec<SubscriptionRow>> {
    let select = Statement::new(SELECT).sql("WHERE s.role = ").bind(side.as_str());
    let rows: Vec<Row> = select.sql(" ORDER BY s.peer, s.until_day DESC, s.id DESC").load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// The terms of a stored copy.
///
/// # Errors
/// If the row was damaged.
pub fn copy_terms(jws: &CompactJws) -> QueryResult<SubscriptionTerms> {
    Ok(SubscriptionTerms::of(&super::stored_claims::<Subscription>(jws.as_str())?))
}

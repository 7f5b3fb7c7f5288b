//! Several departments in one case: asked side by side, each part with an end of its own, under one deadline.
//!
//! If the process dies anywhere, what was signed is a row and recovery goes on with it; what was not signed is asked when the system
//! repeats its request. A part that has ended is never asked again under the same key.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use protocol::seal::random;
use schemas::{
    asking::{CaseQuery, CaseView, ConsentPart, LawPart, PARTS, QueryPart},
    id::MessageId,
    local::LocalQuery,
    problem::Code,
};
use service_kit::db::DatabaseError;

use super::{InquiryAbout, PartAbout, authorize, milliseconds, outcome};
use crate::{
    app::App,
    audit,
    config::{SystemRight, SystemSettings},
    exchange::ask::{End, LawQuestion, NotAnswered, digest},
    store::{
        encrypted::ColumnError,
        exchange::asks::{AskKey, AskRow, ask_find},
        inquiries::{
            Inquiry, Kind, NewInquiry, PartEnd, Written, inquiry_about_seal, inquiry_insert, part_about_seal,
            parts_open, parts_write,
        },
    },
};

/// How long the parts of one request have, all together; less than the route's time.
const DEADLINE: Duration = Duration::from_secs(10);
/// The making of a case file in the audit trail.
const ACTION: &str = "case.open";

impl App {
    /// Asks all parts of a case side by side, or goes on with those that are open.
    ///
    /// # Errors
    /// `access-denied`, `request-malformed`, `conflict`; `overloaded` if the database does not answer. What becomes of a part stands
    /// in the part.
    pub async fn ask_case(
        &self,
        system: &SystemSettings,
        key: MessageId,
        query: &CaseQuery,
    ) -> Result<CaseView, NotAnswered> {
        self.ask_parts(system, (key, Kind::Parts), query, self.clock().sleep(DEADLINE)).await
    }

    /// The same as a case file, which its maker can look at again: on consents alone, each of a person of the case.
    ///
    /// # Errors
    /// As [`ask_case`](Self::ask_case).
    pub async fn open_case(
        &self,
        system: &SystemSettings,
        key: MessageId,
        query: &CaseQuery,
    ) -> Result<CaseView, NotAnswered> {
        self.ask_parts(system, (key, Kind::Case), query, self.clock().sleep(DEADLINE)).await
    }

    /// The same, until `over` comes to its end.
    pub(super) async fn ask_parts(
        &self,
        system: &SystemSettings,
        (key, kind): (MessageId, Kind),
        query: &CaseQuery,
        over: impl Future<Output = ()>,
    ) -> Result<CaseView, NotAnswered> {
        authorize(system, SystemRight::Ask, &query.purpose)?;
        check(query, kind)?;
        let inquiry = self.inquiry(system, (key, kind), query).await?;
        let open = self.open_places(&inquiry).await?;
        let ended = self.side_by_side(&inquiry.key, query, &open, over).await;
        self.keep(&inquiry, query, &open, ended).await?;
        // A repeated request shows no value whose consent has ended since.
        self.forget_revoked().await?;
        self.case_view(&inquiry.id).await
    }

    /// The inquiry of this key: written now, or found as the same request made it before.
    async fn inquiry(
        &self,
        system: &SystemSettings,
        (key, kind): (MessageId, Kind),
        query: &CaseQuery,
    ) -> Result<Inquiry, NotAnswered> {
        let now = self.now();
        let id = random::message_id(now);
        let about = InquiryAbout {
            case: query.case.clone(),
            purpose: query.purpose.clone(),
            officer: query.officer.clone(),
            question: None,
        };
        let parts = self.parts_about(query).await;
        let sealed = (0_u32..).zip(&parts).map(|(place, about)| part_about_seal(self.keys(), &id, place, about));
        let new = NewInquiry {
            about: inquiry_about_seal(self.keys(), &id, &about).map_err(unsealed)?,
            parts: sealed.collect::<Result<_, _>>().map_err(unsealed)?,
            key: AskKey::new(system.name.clone(), key),
            kind,
            department: self.entity().clone(),
            request: digest(&(kind == Kind::Case, query))?,
            officer: query.officer.clone(),
            made_ms: milliseconds(now),
            id,
        };
        let row = audit::done(system.name.as_str(), ACTION, new.id.as_str(), now);
        let written = self.db().write(move |conn| {
            let written = inquiry_insert(conn, &new)?;
            if kind == Kind::Case {
                audit::append(conn, &row)?;
            }
            Ok::<_, DatabaseError>(written)
        });
        there(written.await?)
    }

    /// What the parts are about, as far as it is known before anything is asked.
    async fn parts_about(&self, query: &CaseQuery) -> Vec<PartAbout> {
        let mut parts = Vec::new();
        for part in &query.parts {
            parts.push(match part {
                QueryPart::Law(LawPart { provider, dataset, person, .. }) => PartAbout {
                    person: person.clone(),
                    provider: Some(provider.clone()),
                    dataset: Some(dataset.clone()),
                    ..PartAbout::default()
                },
                QueryPart::Consent(ConsentPart { consent, person, .. }) => {
                    let terms = self.held(consent).await.ok().map(|held| held.consent.terms().clone());
                    let (provider, dataset) = terms.map(|terms| (terms.provider, terms.dataset)).unzip();
                    PartAbout {
                        person: person.clone(),
                        consent: Some(consent.clone()),
                        provider,
                        dataset,
                        number: None,
                    }
                }
            });
        }
        parts
    }

    async fn open_places(&self, inquiry: &Inquiry) -> Result<Vec<u32>, NotAnswered> {
        let id = inquiry.id.clone();
        let limit = i64::try_from(PARTS).unwrap_or(i64::MAX);
        let open = self.db().read(move |conn| Ok::<_, DatabaseError>(parts_open(conn, &id, 0, limit)?));
        Ok(open.await?.into_iter().map(|part| part.place).collect())
    }

    /// Asks the open parts at once; those that are not there when the time is over are left to recovery.
    async fn side_by_side(
        &self,
        key: &AskKey,
        query: &CaseQuery,
        open: &[u32],
        over: impl Future<Output = ()>,
    ) -> BTreeMap<u32, Result<End, NotAnswered>> {
        let wanted = open.iter().filter_map(|place| Some((*place, query.parts.get(usize::try_from(*place).ok()?)?)));
        let mut asked: FuturesUnordered<_> = wanted
            .map(|(place, part)| self.ask_part(key.part(place), query, part).map(move |end| (place, end)))
            .collect();
        let mut over = std::pin::pin!(over);
        let mut ended = BTreeMap::new();
        loop {
            tokio::select! {
                next = asked.next() => match next {
                    Some((place, end)) => { ended.insert(place, end); }
                    None => return ended,
                },
                () = &mut over => return ended,
            }
        }
    }

    async fn ask_part(&self, key: AskKey, query: &CaseQuery, part: &QueryPart) -> Result<End, NotAnswered> {
        match part {
            QueryPart::Consent(ConsentPart { consent, fields, predicates, .. }) => {
                let request = LocalQuery {
                    consent: consent.clone(),
                    fields: fields.clone(),
                    predicates: predicates.clone(),
                    purpose: query.purpose.clone(),
                    case: Some(query.case.clone()),
                    officer: query.officer.clone(),
                };
                self.ask_on_consent(&key, &request).await
            }
            QueryPart::Law(part) => {
                let officer = query.officer.clone().ok_or(NotAnswered::new(Code::RequestMalformed))?;
                let question = LawQuestion {
                    law: part.law.clone(),
                    provider: part.provider.clone(),
                    dataset: part.dataset.clone(),
                    fields: part.fields.clone(),
                    predicates: part.predicates.clone(),
                    purpose: query.purpose.clone(),
                    case: query.case.clone(),
                    officer,
                };
                self.ask_about(&key, &question, (&part.subject, part.reason.as_deref())).await
            }
        }
    }

    /// Writes how the parts stand: what ended, and what is open with the question that goes on.
    async fn keep(
        &self,
        inquiry: &Inquiry,
        query: &CaseQuery,
        open: &[u32],
        mut ended: BTreeMap<u32, Result<End, NotAnswered>>,
    ) -> Result<(), NotAnswered> {
        let now = self.now();
        let mut ends = Vec::new();
        for place in open {
            let result = match ended.remove(place) {
                Some(result) => result,
                None => self.left_open(&inquiry.key.part(*place)).await?,
            };
            let end = outcome::of(*place, &result, now);
            ends.push(self.with_value(inquiry, query, end, &result).await?);
        }
        let id = inquiry.id.clone();
        Ok(self.db().write(move |conn| Ok::<_, DatabaseError>(parts_write(conn, &id, &ends)?)).await?)
    }

    /// What is stored of a part whose time was over: its end, if that came in the last moment, or the question that goes on.
    async fn left_open(&self, key: &AskKey) -> Result<Result<End, NotAnswered>, NotAnswered> {
        let key = key.clone();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(ask_find(conn, &key)?)).await?;
        let late = NotAnswered::new(Code::PeerUnavailable);
        Ok(match found {
            Some(AskRow { exchange, end: Some(end), .. }) => Ok(self.stored_end(&exchange, &end)?),
            Some(AskRow { exchange, .. }) => Err(late.of(&exchange)),
            None => Err(late),
        })
    }

    /// A case file keeps the record as long as the consent lets it.
    async fn with_value(
        &self,
        inquiry: &Inquiry,
        query: &CaseQuery,
        end: PartEnd,
        result: &Result<End, NotAnswered>,
    ) -> Result<PartEnd, NotAnswered> {
        let part = usize::try_from(end.place).ok().and_then(|place| query.parts.get(place));
        match (part, result) {
            (Some(QueryPart::Consent(part)), Ok(End::Answered(answer))) if inquiry.kind == Kind::Case => {
                self.keep_value(&inquiry.id, end, &part.consent, &answer.record).await
            }
            _ => Ok(end),
        }
    }
}

/// What can be said of a request before anything is looked up.
fn check(query: &CaseQuery, kind: Kind) -> Result<(), NotAnswered> {
    let by_law = query.parts.iter().any(|part| matches!(part, QueryPart::Law(_)));
    let rules = [
        ((1..=PARTS).contains(&query.parts.len()), "name 1 to 16 parts"),
        (!by_law || kind != Kind::Case, "a case file stands on consents alone"),
        (!by_law || query.officer.is_some(), "under a law, name the officer"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, detail)) => Err(NotAnswered::new(Code::RequestMalformed).detail(detail)),
        None => Ok(()),
    }
}

/// The inquiry, if its key names no other request.
pub(super) fn there(written: Written) -> Result<Inquiry, NotAnswered> {
    match written {
        Written::There(inquiry) => Ok(inquiry),
        Written::Conflict => {
            Err(NotAnswered::new(Code::Conflict).detail("this Idempotency-Key was used for another request"))
        }
    }
}

pub(super) fn unsealed(error: ColumnError) -> NotAnswered {
    tracing::error!(%error, "an inquiry's column could not be written or read");
    NotAnswered::new(Code::Internal)
}

//! Asking with her consent: a request that reaches her wallet by a notice, and the question once she has said yes.
//!
//! Guarantees: request, notice and row are one commit, or the request is forgotten unseen; a consent counts only if the key that
//! signed it has shown this very person's pseudonym here, for the link can be carried to others; nothing is asked of a department
//! before she consented. Deliberately absent: persuading; who does not answer is asked again after a week.

use protocol::seal::random;
use schemas::{
    consent::{Frequency, FrequencyMode},
    federation::DatasetDescription,
    id::{ConsentId, EntityId, MessageId},
    local::{ConsentItem, ConsentRequestOrder, ConsentRequestState, ConsentRequestView, LocalQuery},
    notice::NoticeKind,
    problem::Code,
    time::Timestamp,
};
use service_kit::db::DatabaseError;

use super::{
    CLAIM_MS,
    end::{self, Asked, DAY_MS},
    under_law::claim,
};
use crate::{
    app::App,
    config::FetchingSettings,
    consents::AskError,
    decisions::DecisionError,
    exchange::ask::NotAnswered,
    notices::Person,
    store::{
        decisions::DecisionStoreError,
        exchange::asks::AskKey,
        fetching::{AskEnd, AskState, Claim, FactAsk, ask_claim, ask_end, is_proven},
        notices::{NewNotice, notice_insert},
    },
};

/// Uses of one consent: the question, and once more if its answer was lost.
const USES: u32 = 2;
/// Who did not answer is asked again after this.
const NOT_ANSWERED_MS: i64 = 7 * DAY_MS;
/// Who said no is asked again after this.
const DENIED_MS: i64 = 30 * DAY_MS;
/// A consent by a key that nobody knows is looked at again after this, or when a key shows whose it is.
const UNPROVEN_MS: i64 = DAY_MS / 24;

/// Asks her.
pub(super) async fn request(app: &App, mut ask: FactAsk) -> Result<(), DecisionError> {
    let Some(settings) = app.config().fetching.clone() else { return Ok(()) };
    // Asking her counts in the budget, and the question that follows goes with it.
    let Some(turn) = claim(app, &mut ask).await? else { return Ok(()) };
    ask.turn = turn;
    match made(app, &ask, &settings).await {
        Ok((view, item, order)) => told(app, &ask, (view, item), &order, app.decided_at_ms()).await,
        Err(not) => end::take(app, &ask, (app.entity(), &Asked::default()), Err(not)).await,
    }
}

/// Claims a row without a question. `false`: another process has it.
async fn hold(app: &App, ask: &mut FactAsk) -> Result<bool, DecisionError> {
    let (now, now_ms, claimed) = (app.decided_at(), app.decided_at_ms(), ask.clone());
    let claim = app.db().write(move |conn| {
        let until_ms = now_ms.saturating_add(CLAIM_MS);
        ask_claim(conn, (&claimed, None), (now_ms, until_ms), (now.civil_day(), 0))
    });
    let Claim::Ours(turn) = claim.await? else { return Ok(false) };
    ask.turn = turn;
    Ok(true)
}

type Made = (ConsentRequestView, ConsentItem, ConsentRequestOrder);

async fn made(app: &App, ask: &FactAsk, settings: &FetchingSettings) -> Result<Made, NotAnswered> {
    let wanted = &ask.wanted;
    let none = NotAnswered::new(Code::ConsentAboveTemplate).detail("no purpose is configured for this scheme");
    let purpose = settings.purpose(&wanted.scheme).ok_or(none)?;
    let item = ConsentItem {
        provider: provider(app, ask)?,
        dataset: wanted.dataset.clone(),
        fields: vec![wanted.field.clone()],
        predicates: Vec::new(),
        data_range: None,
    };
    let order = ConsentRequestOrder {
        purpose: purpose.clone(),
        items: vec![item.clone()],
        validity: settings.validity,
        frequency: Frequency { mode: FrequencyMode::Recurring, max_uses: USES, period: None, uses_per_period: None },
        retention: settings.retention,
        case: None,
        for_ward: false,
    };
    let view = app.ask_consent(&settings.system, order.clone()).await.map_err(|error| match error {
        AskError::Refused(refusal) => refusal.into(),
        error => {
            tracing::warn!(%error, "a request for consent could not be made");
            NotAnswered::new(Code::Overloaded)
        }
    })?;
    Ok((view, item, order))
}

/// The one member that offers the data set and the field.
fn provider(app: &App, ask: &FactAsk) -> Result<EntityId, NotAnswered> {
    let directory = app.directory();
    directory.authorize_current(app.now())?;
    let offers = directory.members().providers_of(&ask.wanted.dataset).filter(|member| {
        let has = |dataset: &DatasetDescription| dataset.fields.iter().any(|field| field.name == ask.wanted.field);
        member.entity() != app.entity() && member.dataset(&ask.wanted.dataset).is_some_and(has)
    });
    let offers: Vec<EntityId> = offers.map(|member| member.entity().clone()).collect();
    match <[EntityId; 1]>::try_from(offers) {
        Ok([one]) => Ok(one),
        Err(_) => Err(NotAnswered::new(Code::DatasetUnknown).detail("not exactly one department offers this fact")),
    }
}

/// The notice that leads her to the request, with the row that waits for her, in one commit.
async fn told(
    app: &App,
    ask: &FactAsk,
    (view, item): (ConsentRequestView, ConsentItem),
    order: &ConsentRequestOrder,
    now_ms: i64,
) -> Result<(), DecisionError> {
    let until = Timestamp::from_seconds(view.expires.seconds());
    let kind = NoticeKind::ConsentAsked {
        request: view.id.clone(),
        provider: item.provider,
        dataset: item.dataset,
        purpose: order.purpose.clone(),
        scheme: ask.wanted.title.clone(),
        until,
        link: view.link.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default(),
    };
    // The clock of requests is the gateway's own; a test lets time go on for decisions alone.
    let left_ms = until.seconds().saturating_sub(app.now().seconds()).saturating_mul(1000);
    let (keys, ask, id) = (app.keys().clone(), ask.clone(), random::message_id(app.now()));
    app.db()
        .write(move |conn| {
            let end = AskEnd {
                state: AskState::Asked,
                question: ask.question.as_ref(),
                request: Some(&view.id),
                consent: None,
                reason: Some("CONSENT_ASKED"),
                tries: ask.tries,
                next_ms: now_ms.saturating_add(left_ms),
            };
            if ask_end(conn, &ask, &end)? {
                notice_insert(conn, &keys, &NewNotice { id: &id, to: &ask.person, kind: &kind, at_ms: now_ms })?;
            }
            Ok::<_, DecisionStoreError>(())
        })
        .await?;
    app.wake_notices();
    Ok(())
}

/// Looks how her request stands, and asks on her consent.
pub(super) async fn answered(app: &App, mut ask: FactAsk) -> Result<(), DecisionError> {
    let Some(settings) = app.config().fetching.clone() else { return Ok(()) };
    let Some(request) = ask.request.clone() else { return Err(DecisionError::NotWhole("a request without an id")) };
    let view = app.consent_request(&settings.system, &request).await;
    let view = view.map_err(|error| {
        tracing::warn!(%error, "a request for consent could not be read");
        DecisionError::NotWhole("a request that cannot be read")
    })?;
    let asked = Asked { request: Some(request), consent: None };
    let state = view.as_ref().map(|view| view.state);
    if state == Some(ConsentRequestState::Given) {
        let Some(turn) = claim(app, &mut ask).await? else { return Ok(()) };
        ask.turn = turn;
        return given(app, ask, &settings, (view, asked)).await;
    }
    if !hold(app, &mut ask).await? {
        return Ok(());
    }
    let (code, asked, pause) = match state {
        Some(ConsentRequestState::Waiting) => ("CONSENT_ASKED", asked, CLAIM_MS),
        Some(ConsentRequestState::Denied) => ("CONSENT_DENIED", Asked::default(), DENIED_MS),
        _ => ("CONSENT_NOT_ANSWERED", Asked::default(), NOT_ANSWERED_MS),
    };
    let question = ask.question.as_ref().filter(|_| state == Some(ConsentRequestState::Waiting));
    end::without(app, &ask, (code, question), (&asked, app.decided_at_ms().saturating_add(pause))).await
}

async fn given(
    app: &App,
    ask: FactAsk,
    settings: &FetchingSettings,
    (view, asked): (Option<ConsentRequestView>, Asked),
) -> Result<(), DecisionError> {
    let consent = view.and_then(|view| view.consents.into_iter().next());
    let consent = consent.ok_or(DecisionError::NotWhole("a consent that is not kept"))?;
    let held = match app.held(&consent).await {
        Ok(held) => held,
        Err(not) => return end::take(app, &ask, (app.entity(), &asked), Err(not)).await,
    };
    let (provider, index) = (held.consent.terms().provider.clone(), held.index.clone());
    if !is_hers(app, &ask.person, held.consent.issuer()).await? {
        let next_ms = app.decided_at_ms().saturating_add(UNPROVEN_MS);
        let question = ask.question.as_ref();
        return end::without(app, &ask, ("CONSENT_WRONG_SUBJECT", question), (&asked, next_ms)).await;
    }
    let asked = Asked { consent: Some(index), ..asked };
    let heard = question(app, &ask, settings, (consent, held.consent.terms().purpose.code.clone())).await;
    end::take(app, &ask, (&provider, &asked), heard).await
}

/// Whether the key that signed a consent has shown this person's pseudonym here.
async fn is_hers(app: &App, person: &Person, issuer: &schemas::id::Did) -> Result<bool, DecisionError> {
    let (person, holder) = (person.clone(), Person::of_key(app.keys(), issuer));
    Ok(app.db().read(move |conn| Ok::<_, DatabaseError>(is_proven(conn, (&person, &holder))?)).await?)
}

async fn question(
    app: &App,
    ask: &FactAsk,
    settings: &FetchingSettings,
    (consent, purpose): (ConsentId, schemas::id::PurposeCode),
) -> Result<crate::exchange::ask::End, NotAnswered> {
    let id: &MessageId = ask.question.as_ref().ok_or(NotAnswered::new(Code::Internal))?;
    let query = LocalQuery {
        consent,
        fields: vec![ask.wanted.field.clone()],
        predicates: Vec::new(),
        purpose,
        case: None,
        officer: Some(settings.officer.clone()),
    };
    app.ask_on_consent(&AskKey::new(settings.system.clone(), id.clone()), &query).await
}

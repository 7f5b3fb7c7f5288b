//! One of our systems asks a citizen: within its own purposes, the anchor's roles and the purpose registry's bounds.

use std::collections::BTreeSet;

use protocol::{
    consent::Refusal,
    credential::asking::authorize_bounds,
    seal::{DecryptionKey, KeyError, random},
};
use schemas::{
    consent::FrequencyMode,
    federation::{Purpose, Role},
    id::{EntityId, FieldName, MessageId, SystemName},
    local::{ConsentItem, ConsentRequestOrder, ConsentRequestState, ConsentRequestView, QrPicture},
    openid::{BINDING_QUERY_ID, CONSENT_TRANSACTION, ConsentTransaction, TransactionItem},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::DatabaseError;
use url::form_urlencoded::byte_serialize;

use super::client_id;
use crate::{
    app::App,
    audit,
    console::qr,
    directory::DirectorySnapshot,
    store::consents::{
        held::held_of_request,
        requests::{RequestStoreError, StoredRequest, request_find, request_insert},
    },
};

/// How long a citizen may take to decide, seconds: the link may travel by message or by a slip of paper.
const LIFE: i64 = 24 * 3600;
/// Items of one request at most.
const ITEMS: usize = 8;
/// The action in the audit trail.
const ACTION: &str = "consent.ask";

/// A request was not made, or cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Not allowed, or beyond what is registered.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The key for the response could not be made.
    #[error("a key for the response could not be made")]
    Key(#[from] KeyError),
    /// The row could not be kept or read.
    #[error(transparent)]
    Store(#[from] RequestStoreError),
}

impl From<DatabaseError> for AskError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl App {
    /// Makes a request for consent and the link to it. Refused ones stand in the audit trail as well.
    ///
    /// # Errors
    /// `access-denied` (another purpose than the system's), `role-missing`, `consent-above-template`, `dataset-unknown`,
    /// `peer-unknown`, `directory-outdated`.
    pub async fn ask_consent(
        &self,
        by: &SystemName,
        order: ConsentRequestOrder,
    ) -> Result<ConsentRequestView, AskError> {
        let now = self.now();
        let row = audit::done(by.as_str(), ACTION, order.purpose.as_str(), now);
        let terms = match self.transaction(by, &order, now) {
            Ok(terms) => terms,
            Err(refusal) => {
                audit::record(self.db(), audit::refused(row, Some(refusal.code()))).await?;
                return Err(refusal.into());
            }
        };
        let request = StoredRequest {
            id: random::message_id(now),
            system: by.clone(),
            case: order.case,
            terms,
            key: DecryptionKey::generate()?,
            expires: now.plus(LIFE),
            state: ConsentRequestState::Waiting,
        };
        let (keys, written) = (self.keys().clone(), request.clone());
        self.db()
            .write(move |conn| {
                request_insert(conn, &keys, &written)?;
                Ok::<_, RequestStoreError>(audit::append(conn, &row)?)
            })
            .await?;
        Ok(self.view(request, Vec::new(), now))
    }

    /// How a request stands; `None` if this system made none of that id.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn consent_request(
        &self,
        by: &SystemName,
        id: &MessageId,
    ) -> Result<Option<ConsentRequestView>, AskError> {
        let (keys, id, now) = (self.keys().clone(), id.clone(), self.now());
        let found = self.db().read(move |conn| {
            let Some(request) = request_find(conn, &keys, &id)? else { return Ok(None) };
            let consents = held_of_request(conn, &id)?;
            Ok::<_, RequestStoreError>(Some((request, consents)))
        });
        let found = found.await?.filter(|(request, _)| request.system == *by);
        Ok(found.map(|(request, consents)| self.view(request, consents, now)))
    }

    fn view(
        &self,
        request: StoredRequest,
        consents: Vec<schemas::id::ConsentId>,
        now: Timestamp,
    ) -> ConsentRequestView {
        let StoredRequest { id, expires, state, .. } = request;
        let over = state == ConsentRequestState::Waiting && expires <= now;
        let state = if over { ConsentRequestState::Expired } else { state };
        let query = self.link_query(&id);
        let wallet_link = self.wallet_origin().map(|origin| format!("{origin}/#/request?{query}"));
        let link = format!("openid4vp://?{query}");
        // What can still be answered can be scanned, from a screen or from paper.
        let waits = state == ConsentRequestState::Waiting;
        let qr = qr::path(&link).filter(|_| waits).map(|(size, path)| QrPicture { size, path });
        ConsentRequestView { link, wallet_link, qr, id, expires: expires.numeric(), state, consents }
    }

    /// The request by reference, fetched by POST (OpenID4VP 1.0 §5.10).
    fn link_query(&self, id: &MessageId) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        format!(
            "client_id={}&request_uri={}&request_uri_method=post",
            encoded(&client_id(self.entity())),
            encoded(&format!("{}/consents/requests/{id}", self.config().public.people))
        )
    }

    /// What the citizen would be asked, if it may be asked.
    fn transaction(
        &self,
        by: &SystemName,
        order: &ConsentRequestOrder,
        now: Timestamp,
    ) -> Result<ConsentTransaction, Refusal> {
        let system = self.system(by).ok_or(Refusal::new(Code::AccessDenied, "no such system"))?;
        if !system.purposes.contains(&order.purpose) {
            return Err(Refusal::new(Code::AccessDenied, "the system may not ask for this purpose"));
        }
        let directory = self.directory();
        let ourselves = directory.peer(self.entity(), now)?;
        ourselves
            .authorize_consumer(&order.purpose)
            .map_err(|_| Refusal::new(Code::RoleMissing, "the department may not ask for this purpose"))?;
        let unregistered = Refusal::new(Code::ConsentAboveTemplate, "the purpose is not registered");
        let purpose = directory.purpose_newest(&order.purpose, now)?.ok_or(unregistered)?;
        authorize_coherent(order)?;
        for item in &order.items {
            self.authorize_item(item, order, &directory, now)?;
        }
        let asked = self.terms(order, purpose);
        authorize_bounds(&asked, purpose, now).map_err(|because| Refusal::new(Code::ConsentAboveTemplate, because))?;
        Ok(asked)
    }

    fn authorize_item(
        &self,
        item: &ConsentItem,
        order: &ConsentRequestOrder,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let unknown = |because| Refusal::new(Code::DatasetUnknown, because);
        let provider = directory.peer(&item.provider, now)?;
        if !provider.roles().contains(&Role::Provider) || item.provider == *self.entity() {
            return Err(Refusal::new(Code::RoleMissing, "the other department does not answer queries of ours"));
        }
        let dataset = provider.dataset(&item.dataset).ok_or(unknown("the provider does not offer the dataset"))?;
        let offers = |field: &FieldName| dataset.fields.iter().any(|offered| offered.name == *field);
        if !dataset.purposes.contains(&order.purpose) || !item.fields.iter().all(offers) {
            return Err(unknown("the provider does not offer these fields for this purpose"));
        }
        Ok(())
    }

    fn terms(&self, order: &ConsentRequestOrder, purpose: &Purpose) -> ConsentTransaction {
        let item = |item: &ConsentItem| TransactionItem {
            provider: item.provider.clone(),
            dataset: item.dataset.clone(),
            fields: item.fields.clone(),
            predicates: item.predicates.clone(),
            data_range: item.data_range,
        };
        ConsentTransaction {
            r#type: CONSENT_TRANSACTION.to_owned(),
            credential_ids: vec![BINDING_QUERY_ID.to_owned()],
            purpose: purpose.code.clone(),
            purpose_version: purpose.version.clone(),
            text: purpose.text.clone(),
            consumer_name: self.config().name.clone(),
            items: order.items.iter().map(item).collect(),
            validity: order.validity,
            frequency: order.frequency.clone(),
            retention: order.retention,
            for_ward: order.for_ward,
        }
    }
}

/// What contradicts itself is not asked for.
fn authorize_coherent(order: &ConsentRequestOrder) -> Result<(), Refusal> {
    let frequency = &order.frequency;
    let single = frequency.mode != FrequencyMode::OneTime || (frequency.max_uses == 1 && frequency.period.is_none());
    let windows = match (frequency.period, frequency.uses_per_period) {
        (None, None) => true,
        (Some(_), Some(uses)) => (1..=frequency.max_uses).contains(&uses),
        _ => false,
    };
    let once = |item: &ConsentItem| item.fields.iter().collect::<BTreeSet<_>>().len() == item.fields.len();
    let pairs: BTreeSet<(&EntityId, _)> = order.items.iter().map(|item| (&item.provider, &item.dataset)).collect();
    let rules = [
        (frequency.max_uses >= 1 && windows && single, "the frequency contradicts itself"),
        ((1..=ITEMS).contains(&order.items.len()), "one to eight items"),
        (pairs.len() == order.items.len() && order.items.iter().all(once), "an item stands twice"),
        (
            order.items.iter().all(|item| item.data_range.is_none_or(|range| range.from <= range.to)),
            "a data range is empty",
        ),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, because)) => Err(Refusal::new(Code::RequestMalformed, because)),
        None => Ok(()),
    }
}

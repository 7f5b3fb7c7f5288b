//! An officer invites a resident's wallet: a link with a code, and by another way a transaction code.

use std::collections::BTreeMap;

use protocol::{consent::Refusal, seal::random};
use registry_adapter::key::LocalKey;
use schemas::{
    federation::Role,
    id::SystemName,
    local::{AssistedOffer, BindingOffer, BindingOfferOrder},
    openid::{BINDING_CONFIGURATION, CredentialOffer, PRE_AUTHORIZED_GRANT, PreAuthorizedGrant, TxCodeForm},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::DatabaseError;
use url::form_urlencoded;

use crate::{
    app::App,
    audit,
    store::identity::offers::{NewOffer, OfferStoreError, offer_insert},
};

/// How long an invitation may be used, seconds.
const LIFE: i64 = 15 * 60;
/// Digits of a transaction code.
const DIGITS: u8 = 6;
/// The action in the audit trail.
const ACTION: &str = "binding.offer";

/// Nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Not allowed, or nobody there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The row could not be kept.
    #[error(transparent)]
    Store(#[from] OfferStoreError),
}

impl From<DatabaseError> for InviteError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl App {
    /// Invites a resident. Refused invitations stand in the audit trail as well; whom it was about does not.
    ///
    /// # Errors
    /// `role-missing` (ours, or that of the operator who helps), `not-found-or-not-permitted` (nobody by that number, dead, or without a full birth date),
    /// `registry-unavailable`.
    pub async fn invite(&self, by: &SystemName, order: &BindingOfferOrder) -> Result<BindingOffer, InviteError> {
        let now = self.now();
        let row = audit::done(by.as_str(), ACTION, self.entity().as_str(), now);
        match self.invitable(order, now).await {
            Ok(resident) => self.write_offer(&resident, order.assisted.as_ref(), row, now).await,
            Err(refusal) => {
                audit::record(self.db(), audit::refused(row, Some(refusal.code()))).await?;
                Err(refusal.into())
            }
        }
    }

    async fn invitable(&self, order: &BindingOfferOrder, now: Timestamp) -> Result<LocalKey, Refusal> {
        let nobody = Refusal::new(Code::NotFoundOrNotPermitted, "nobody who can be bound has this number");
        self.identity_registry(now)?;
        if let Some(AssistedOffer { operator, .. }) = &order.assisted {
            let directory = self.directory();
            if !directory.peer(operator, now)?.roles().contains(&Role::AssistedOperator) {
                return Err(Refusal::new(Code::RoleMissing, "the other department helps nobody"));
            }
        }
        let number: LocalKey = order.resident.parse().map_err(|_| nobody)?;
        Ok(self.bindable(&number).await?.ok_or(nobody)?.resident.number)
    }

    async fn write_offer(
        &self,
        resident: &LocalKey,
        assisted: Option<&AssistedOffer>,
        row: service_kit::audit_trail::Entry,
        now: Timestamp,
    ) -> Result<BindingOffer, InviteError> {
        let (code, tx_code, expires) = (random::token(), random::pin(usize::from(DIGITS)), now.plus(LIFE));
        let assisted = assisted.cloned();
        let (keys, resident, offered) = (self.keys().clone(), resident.clone(), (code.clone(), tx_code.clone()));
        self.db()
            .write(move |conn| {
                let (code, tx_code) = (&offered.0, &offered.1);
                let new = NewOffer { code, tx_code, resident: &resident, assisted: assisted.as_ref(), expires };
                offer_insert(conn, &keys, &new)?;
                Ok::<_, OfferStoreError>(audit::append(conn, &row)?)
            })
            .await?;
        let query = self.offer_query(code);
        let wallet_link = self.wallet_origin().map(|origin| format!("{origin}/#/offer?{query}"));
        let offer = format!("openid-credential-offer://?{query}");
        Ok(BindingOffer { offer, wallet_link, tx_code, expires: expires.numeric() })
    }

    /// The offer by value (OpenID4VCI 1.0 §4.1.2).
    fn offer_query(&self, code: String) -> String {
        let grant =
            PreAuthorizedGrant { code, tx_code: TxCodeForm { input_mode: "numeric".to_owned(), length: DIGITS } };
        let offer = CredentialOffer {
            credential_issuer: self.entity().to_string(),
            credential_configuration_ids: vec![BINDING_CONFIGURATION.to_owned()],
            grants: BTreeMap::from([(PRE_AUTHORIZED_GRANT.to_owned(), grant)]),
        };
        // These members are texts and numbers, which always can be written.
        let json = serde_json::to_vec(&offer).unwrap_or_default();
        let encoded: String = form_urlencoded::byte_serialize(&json).collect();
        format!("credential_offer={encoded}")
    }
}

//! A request for consent: fetched, verified through the pinned anchor, held against the purpose registry, and shown.
//!
//! Guarantees: nothing of a request is shown before its signature was verified with a key that the directory lists for the
//! asker; name and purpose text on the card are the directory's and the registry's, and a request that says otherwise, or asks
//! for more than the purpose allows, is refused. Deliberately absent: the decision.

use protocol::{
    credential::{
        asking::authorize_bounds,
        card::{self, Language, Offered},
    },
    federation::VerifiedMember,
    seal::{Limits, Typ, UnverifiedJws, check_strict_json, decode_base64url, freshness::SKEW, random},
};
use schemas::{
    consent::{BINDING_VCT, FrequencyMode},
    federation::{DatasetDescription, Purpose},
    id::{CompactJws, EntityId, FieldName},
    openid::{
        BINDING_QUERY_ID, CONSENT_TRANSACTION, ConsentTransaction, FEDERATION_CLIENT, RequestObject,
        STATIC_WALLET_AUDIENCE, TransactionItem,
    },
    time::Timestamp,
};
use serde::Serialize;
use url::Url;

use super::{Federation, Home, WalletError, home::ShownRequest, post::Party};

/// A request with less time left than this is fetched again before it is signed, seconds.
const TIME_TO_DECIDE: i64 = 30;

/// What she reads.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// The card, in the language asked for.
    pub text: String,
    /// `hi` or `en`.
    pub language: String,
    /// Who asks.
    pub consumer: EntityId,
    /// For what, what, from whom, how often, how long.
    pub terms: ConsentTransaction,
    /// When this request ends.
    pub expires: Timestamp,
}

/// A request that was verified.
pub(super) struct VerifiedRequest {
    pub object: CompactJws,
    pub claims: RequestObject,
    pub asked: ConsentTransaction,
    pub purpose: Purpose,
    pub consumer: VerifiedMember,
    /// One for each item, in order.
    pub providers: Vec<(VerifiedMember, DatasetDescription)>,
}

/// Where a link points.
struct Link {
    client: EntityId,
    client_id: String,
    request_uri: String,
}

impl Link {
    fn parse(link: &str) -> Result<Self, WalletError> {
        let unreadable = |what: &str| WalletError::Usage(format!("this link is no request for consent: {what}"));
        let url = Url::parse(link).map_err(|_| unreadable("no URL"))?;
        let value =
            |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        if url.scheme() != "openid4vp" || value("request_uri_method").as_deref() != Some("post") {
            return Err(unreadable("another scheme or method"));
        }
        let client_id = value("client_id").ok_or_else(|| unreadable("no client_id"))?;
        let client = client_id.strip_prefix(FEDERATION_CLIENT).and_then(|entity| entity.parse().ok());
        Ok(Self {
            client: client.ok_or_else(|| unreadable("the asker is no member of a federation"))?,
            client_id,
            request_uri: value("request_uri").ok_or_else(|| unreadable("no request_uri"))?,
        })
    }
}

/// Fetches, verifies and shows a request, and remembers what was shown.
///
/// # Errors
/// If the asker cannot be reached, or the request is not to be trusted.
pub async fn show(home: &Home, federation: &Federation, link: &str, language: Language) -> Result<Card, WalletError> {
    let (request, shown) = fetch(federation, link, language).await?;
    home.shown_insert(&shown)?;
    Ok(request.card(language))
}

/// The request that was shown if it still has time, else a fresh one.
pub(super) async fn shown_or_fetched(
    home: &Home,
    federation: &Federation,
    link: &str,
    language: Language,
) -> Result<(VerifiedRequest, ShownRequest), WalletError> {
    if let Some(shown) = home.shown(link)? {
        let parsed = Link::parse(link)?;
        let again = verify(federation, &parsed, shown.object.clone(), &shown.wallet_nonce).await;
        if let Ok(request) = again
            && request.claims.exp.seconds() - federation.now().seconds() > TIME_TO_DECIDE
        {
            return Ok((request, shown));
        }
    }
    let (request, shown) = fetch(federation, link, language).await?;
    home.shown_insert(&shown)?;
    Ok((request, shown))
}

async fn fetch(
    federation: &Federation,
    link: &str,
    language: Language,
) -> Result<(VerifiedRequest, ShownRequest), WalletError> {
    let parsed = Link::parse(link)?;
    let consumer = federation.member(&parsed.client).await?;
    let party = Party { member: &consumer, http: federation.http(&consumer)? };
    let wallet_nonce = random::nonce();
    let reply = party.form(&parsed.request_uri, &[], &[("wallet_nonce", &wallet_nonce)]).await?;
    let object: CompactJws = party.token(&reply)?;
    let request = verify(federation, &parsed, object.clone(), &wallet_nonce).await?;
    let shown = ShownRequest {
        link: link.to_owned(),
        object,
        wallet_nonce,
        language: language.code().to_owned(),
        shown_at: federation.now(),
    };
    Ok((request, shown))
}

async fn verify(
    federation: &Federation,
    link: &Link,
    object: CompactJws,
    wallet_nonce: &str,
) -> Result<VerifiedRequest, WalletError> {
    let (consumer, now) = (federation.member(&link.client).await?, federation.now());
    let token = UnverifiedJws::of(&object, Limits::QUERY)?;
    let untrusted = |why: &str| WalletError::Untrusted(format!("the request of {}: {why}", link.client));
    let kid = token.claimed_issuer().key_id().ok_or_else(|| untrusted("it names no key"))?;
    let key = consumer.signing_key(&kid, now.numeric(), None)?;
    let claims: RequestObject = token.verify(Typ::RequestObject, key)?.claims()?;
    authorize_claims(&claims, link, wallet_nonce, now).map_err(untrusted)?;
    let asked = read_transaction(&claims).ok_or_else(|| untrusted("its terms cannot be read"))?;
    if asked.consumer_name != consumer.gateway().organization_name {
        return Err(untrusted("it gives the asker another name than the directory does"));
    }
    let purposes = federation.purposes().await?;
    let purpose = purposes.purpose(&asked.purpose, &asked.purpose_version).cloned();
    let purpose = purpose.ok_or_else(|| untrusted("its purpose is not registered"))?;
    consumer.authorize_consumer(&asked.purpose)?;
    authorize_bounds(&asked, &purpose, now)
        .map_err(|why| untrusted(&format!("it goes beyond the registered purpose: {why}")))?;
    let mut providers = Vec::with_capacity(asked.items.len());
    for item in &asked.items {
        providers.push(offered(federation, item, &asked).await?);
    }
    Ok(VerifiedRequest { object, claims, asked, purpose, consumer, providers })
}

fn authorize_claims(
    claims: &RequestObject,
    link: &Link,
    wallet_nonce: &str,
    now: Timestamp,
) -> Result<(), &'static str> {
    let (iat, exp, now) = (claims.iat.seconds(), claims.exp.seconds(), now.seconds());
    let asks_for_binding = claims.dcql_query.credentials.len() == 1
        && claims.dcql_query.credentials.iter().all(|credential| {
            credential.id == BINDING_QUERY_ID
                && credential.meta.vct_values == [BINDING_VCT]
                && credential.claims.is_empty()
        });
    let rules = [
        (claims.iss == link.client && claims.client_id == link.client_id, "it is by another asker than the link says"),
        (claims.aud == STATIC_WALLET_AUDIENCE, "it is not meant for a wallet"),
        (claims.wallet_nonce.as_deref() == Some(wallet_nonce), "it does not answer this wallet"),
        (iat <= now + SKEW && now < exp, "it has ended or comes from the future"),
        (
            claims.response_type == "vp_token" && claims.response_mode == "direct_post.jwt",
            "it wants another kind of response",
        ),
        (asks_for_binding, "it wants more than to know that a resident answers"),
        (claims.transaction_data.len() == 1, "it holds not exactly one set of terms"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))
}

fn read_transaction(claims: &RequestObject) -> Option<ConsentTransaction> {
    let json = decode_base64url(claims.transaction_data.first()?).ok()?;
    check_strict_json(&json, Limits::QUERY).ok()?;
    let asked: ConsentTransaction = serde_json::from_slice(&json).ok()?;
    (asked.r#type == CONSENT_TRANSACTION && asked.credential_ids == [BINDING_QUERY_ID]).then_some(asked)
}

/// The provider of an item, which must offer it for this purpose.
async fn offered(
    federation: &Federation,
    item: &TransactionItem,
    asked: &ConsentTransaction,
) -> Result<(VerifiedMember, DatasetDescription), WalletError> {
    let provider = federation.member(&item.provider).await?;
    provider.authorize_provider()?;
    let offers = |dataset: &&DatasetDescription| {
        let has = |field: &FieldName| dataset.fields.iter().any(|offered| offered.name == *field);
        dataset.purposes.contains(&asked.purpose) && item.fields.iter().all(has)
    };
    let dataset = provider.dataset(&item.dataset).filter(offers).cloned();
    let unknown =
        || WalletError::Untrusted(format!("{} does not offer {} for this purpose", item.provider, item.dataset));
    let dataset = dataset.ok_or_else(unknown)?;
    Ok((provider, dataset))
}

impl VerifiedRequest {
    /// Whether she must be present at the provider: one-time and sensitive purposes (protocol, "Consent credential").
    pub(super) fn needs_presence(&self) -> bool {
        let once = self.asked.frequency.mode == FrequencyMode::OneTime;
        once || self.purpose.sensitive || self.purpose.required_presence
    }

    pub(super) fn text(&self, language: Language) -> String {
        let offered: Vec<Offered<'_>> = self
            .providers
            .iter()
            .map(|(provider, dataset)| Offered { provider: provider.gateway(), dataset })
            .collect();
        card::text(&self.asked, &self.purpose, &offered, language)
    }

    fn card(&self, language: Language) -> Card {
        Card {
            text: self.text(language),
            language: language.code().to_owned(),
            consumer: self.consumer.entity().clone(),
            terms: self.asked.clone(),
            expires: Timestamp::from_numeric(self.claims.exp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_member_and_an_address() {
        let good = "openid4vp://?client_id=openid_federation%3Ahttps%3A%2F%2Fsocial.gov.example&request_uri=https%3A%2F%2Fsocial.gov.example%2Fconsents%2Frequests%2F1&request_uri_method=post";
        let link = Link::parse(good).unwrap();
        assert_eq!(link.client.as_str(), "https://social.gov.example");
        assert_eq!(link.request_uri, "https://social.gov.example/consents/requests/1");
        for bad in [
            "nonsense".to_owned(),
            good.replace("openid4vp", "https"),
            good.replace("=post", "=get"),
            good.replace("openid_federation%3A", "x509_san_dns%3A"),
            good.replace("request_uri=", "other="),
        ] {
            assert!(matches!(Link::parse(&bad), Err(WalletError::Usage(_))), "{bad}");
        }
    }
}

//! Signing in through an OpenID provider (OpenID Connect Core 1.0 §3.1; RFC 7636, RFC 9207; FAPI 2.0's profile of them).
//!
//! Guarantees: authorization code with PKCE and nothing else; the answer counts in the browser that began, once; the ID token is
//! signed by a key that the provider publishes, for us, now, with our nonce; connections go only to the issuer's host and those
//! that the configuration names. Deliberately absent: RS256, implicit and hybrid flows, refresh tokens, user info (ADR 0342).

mod claims;
mod provider;

use std::{net::IpAddr, sync::Arc};

use protocol::seal::{encode_base64url, login_token, random};
use schemas::{digest::Digest, id::SystemName, problem::Code};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Account, People, PeopleError, Roles, Session, action, actor};
use crate::{
    config::OpenIdSettings,
    store::people::{
        PeopleStoreError,
        accounts::{NewAccount, account_by_login, account_insert, account_set_roles},
        login_flows::{LoginFlow, login_flow_claim, login_flow_insert},
    },
};
use claims::{IdToken, Judged};
pub use provider::{OpenIdError, OpenIdSetupError, Provider};

/// How long somebody may take at the provider, milliseconds.
const FLOW_MS: i64 = 10 * 60_000;

/// A sign-in that has begun: where to send the browser, and what it must bring back in a cookie.
#[derive(Debug)]
pub struct Begun {
    /// The provider's page.
    pub address: Url,
    /// For a cookie of this browser.
    pub browser: String,
}

/// What the provider sent the browser back with.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Returned {
    /// The code.
    #[serde(default)]
    pub code: Option<String>,
    /// What we sent along.
    #[serde(default)]
    pub state: Option<String>,
    /// Who sends it back (RFC 9207).
    #[serde(default)]
    pub iss: Option<String>,
    /// Why there is no code.
    #[serde(default)]
    pub error: Option<String>,
}

/// Officers of one provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OpenId {
    people: People,
    provider: Arc<Provider>,
}

const REFUSED: PeopleError =
    PeopleError::Refused(Code::SignInRefused, "sign in again; if it does not help, ask your administrator");

impl OpenId {
    /// With this provider.
    pub const fn new(people: People, provider: Arc<Provider>) -> Self {
        Self { people, provider }
    }

    fn settings(&self) -> &OpenIdSettings {
        self.provider.settings()
    }

    /// Begins a sign-in; the browser returns to `back`.
    ///
    /// # Errors
    /// If the provider is away or does not say what it must.
    pub async fn begin(&self, back: &str) -> Result<Begun, OpenIdError> {
        let metadata = self.provider.metadata(self.people.now_ms()).await?;
        let (state, browser) = (random::token(), random::token());
        let flow = LoginFlow { browser: Digest::of(&browser), nonce: random::token(), verifier: random::token() };
        let challenge = encode_base64url(Sha256::digest(&flow.verifier));
        let mut address = metadata.authorization_endpoint.clone();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings().client_id)
            .append_pair("redirect_uri", back)
            .append_pair("scope", "openid profile")
            .append_pair("state", &state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let (digest, now) = (Digest::of(&state), self.people.now_ms());
        let write = move |conn: &mut _| login_flow_insert(conn, &digest, &flow, now, now.saturating_add(FLOW_MS));
        self.people.db.write(write).await.map_err(PeopleError::from)?;
        Ok(Begun { address, browser })
    }

    /// Ends a sign-in.
    ///
    /// # Errors
    /// `sign-in-refused`, whatever did not fit; which it was stands in our own log. Refusals are audited.
    pub async fn finish(
        &self,
        returned: Returned,
        browser: Option<&str>,
        back: &str,
        address: Option<IpAddr>,
    ) -> Result<Session, OpenIdError> {
        let ended = match self.identify(returned, browser, back).await {
            Ok(person) => self.admit(person).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &ended
            && !matches!(error, OpenIdError::People(PeopleError::Store(_)))
        {
            tracing::warn!(%error, from = address.is_some(), "a sign-in through the provider was refused");
            self.people.note_refused(actor(None), action::SIGN_IN, "openid", Code::SignInRefused).await?;
        }
        ended
    }

    /// Whom the provider vouches for.
    async fn identify(&self, returned: Returned, browser: Option<&str>, back: &str) -> Result<Judged, OpenIdError> {
        let now = self.people.now_ms();
        let state = returned.state.as_deref().ok_or(OpenIdError::Answer("no state came back"))?;
        let digest = Digest::of(state);
        let flow = self.people.db.write(move |conn| login_flow_claim(conn, &digest, now)).await;
        let flow =
            flow.map_err(PeopleError::from)?.ok_or(OpenIdError::Answer("the state is not one of ours, or was used"))?;
        if browser.map(Digest::of) != Some(flow.browser) {
            return Err(OpenIdError::Answer("another browser came back"));
        }
        if returned.iss.as_deref().is_some_and(|iss| iss != self.settings().issuer.as_str()) {
            return Err(OpenIdError::Answer("another issuer sent it back"));
        }
        if returned.error.is_some() {
            return Err(OpenIdError::Answer("the provider did not sign the person in"));
        }
        let code = returned.code.as_deref().ok_or(OpenIdError::Answer("no code came back"))?;
        let token = self.provider.redeem(code, &flow.verifier, back, now).await?;
        let keys = self.provider.keys(now).await?;
        let token: IdToken = login_token::verify(&token, &keys, provider::LIMITS)?;
        token.judge(self.settings(), &flow.nonce, self.people.now())
    }

    /// The account of the person, made at the first sign-in, with the roles that the provider says now.
    async fn admit(&self, person: Judged) -> Result<Session, OpenIdError> {
        let given = |groups: &Vec<String>| groups.iter().any(|group| person.groups.contains(group));
        let roles = self.settings().roles.iter().filter(|(_, groups)| given(groups)).map(|(role, _)| *role);
        let roles = Roles::new(roles);
        if roles.is_empty() {
            return Err(OpenIdError::Answer("the provider gives the person none of our roles"));
        }
        let issuer = self.settings().issuer.to_string();
        let (people, now) = (self.people.clone(), self.people.now_ms());
        let name = account_name(&issuer, &person.subject)?;
        let account = NewAccount {
            person: name.clone(),
            display: person.display.unwrap_or_else(|| name.to_string()),
            name,
            roles: roles.clone(),
            login: Some((issuer.clone(), person.subject.clone())),
        };
        let find = move |conn: &mut _| {
            account_insert(conn, &people.keys, &account, now)?;
            let found = account_by_login(conn, &people.keys, &issuer, &person.subject)?;
            if let Some(Account { name, .. }) = &found {
                account_set_roles(conn, name, &roles)?;
            }
            Ok::<_, PeopleStoreError>(found)
        };
        let found = self.people.db.write(find).await.map_err(PeopleError::from)?;
        let name = found.map(|account| account.name).ok_or(REFUSED)?;
        Ok(self.people.begin_session(name, None).await?.ok_or(REFUSED)?)
    }
}

/// A pseudonym: the provider's own name for the person stays out of audit rows.
fn account_name(issuer: &str, subject: &str) -> Result<SystemName, PeopleError> {
    let digest = Digest::of(format!("{issuer} {subject}")).to_string();
    let short = digest.strip_prefix("sha256:").and_then(|hex| hex.get(..12)).unwrap_or_default();
    format!("openid-{short}").parse().map_err(|_| REFUSED)
}

#[cfg(test)]
mod tests;

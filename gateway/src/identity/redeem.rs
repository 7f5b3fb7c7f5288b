//! A code and its transaction code become an access token, bound to the wallet's DPoP key.

use protocol::{
    credential::issuance::{DpopFor, PROOF_LIFE, VerifiedDpop, verify_dpop},
    seal::{freshness::SKEW, random},
};
use schemas::{
    openid::{PRE_AUTHORIZED_GRANT, TokenResponse},
    time::Timestamp,
};
use url::form_urlencoded;

use super::{IdentityError, address, error::DpopFault, metadata::TOKEN};
use crate::{
    app::App,
    store::{
        consents::spent::{Once, spend},
        identity::{
            offers::{Redeemed, offer_redeem},
            tokens::{NewToken, token_insert},
        },
    },
};

/// How long a token may be used, seconds.
const LIFE: u32 = 600;

/// The form of a token request (OpenID4VCI 1.0 §6.1).
struct TokenRequest {
    code: String,
    tx_code: String,
}

impl TokenRequest {
    fn parse(form: &[u8]) -> Result<Self, IdentityError> {
        let one = |name: &'static str| {
            let mut values = form_urlencoded::parse(form).filter(|(key, _)| key == name).map(|(_, value)| value);
            match (values.next(), values.next()) {
                (value, None) => Ok(value.map(std::borrow::Cow::into_owned)),
                (_, Some(_)) => Err(IdentityError::RequestMalformed("a parameter stands twice")),
            }
        };
        if one("grant_type")?.as_deref() != Some(PRE_AUTHORIZED_GRANT) {
            return Err(IdentityError::GrantUnsupported);
        }
        let missing = IdentityError::RequestMalformed;
        Ok(Self {
            code: one("pre-authorized_code")?.ok_or(missing("no pre-authorized_code"))?,
            tx_code: one("tx_code")?.ok_or(missing("no tx_code"))?,
        })
    }
}

impl App {
    /// Redeems a code. A wrong transaction code counts; the fifth kills the code.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub(crate) async fn redeem(&self, form: &[u8], dpop: Option<&str>) -> Result<TokenResponse, IdentityError> {
        let now = self.now();
        self.identity_registry(now)?;
        let request = TokenRequest::parse(form)?;
        let proof = self.verify_token_dpop(dpop, now)?;
        let (keys, token) = (self.keys().clone(), random::token());
        let written = token.clone();
        let redeemed = self.db().write(move |conn| {
            let until = now.plus(PROOF_LIFE + SKEW);
            if !spend(conn, Once::Dpop, &spent_name(&proof), until).map_err(service_kit::db::DatabaseError::from)? {
                return Err(IdentityError::DpopInvalid(DpopFault::Replayed));
            }
            let redeemed = offer_redeem(conn, &keys, &request.code, &request.tx_code, now)?;
            if let Redeemed::Resident(whose) = &redeemed {
                let expires = now.plus(i64::from(LIFE));
                let new = NewToken { token: &written, dpop_key: proof.key().kid(), whose, expires };
                token_insert(conn, &keys, &new)?;
            }
            // Committed in every case: a wrong try must count.
            Ok(matches!(redeemed, Redeemed::Resident(_)))
        });
        if !redeemed.await? {
            return Err(IdentityError::GrantInvalid);
        }
        Ok(TokenResponse { access_token: token, token_type: "DPoP".to_owned(), expires_in: LIFE })
    }

    fn verify_token_dpop(&self, dpop: Option<&str>, now: Timestamp) -> Result<VerifiedDpop, IdentityError> {
        let url = address(&self.config().public.people, TOKEN);
        let made_for = DpopFor { method: "POST", url: &url, access_token: None };
        let proof = dpop.ok_or(IdentityError::DpopInvalid(DpopFault::Missing))?;
        verify_dpop(proof, made_for, now).map_err(|error| IdentityError::DpopInvalid(error.into()))
    }
}

/// A proof's id counts for its key alone: wallets choose ids.
pub(super) fn spent_name(proof: &VerifiedDpop) -> String {
    format!("{} {}", proof.key().kid(), proof.jti())
}

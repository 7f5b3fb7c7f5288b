//! Redeeming an invitation: a token for the code, then a key and a binding for each department that may ask.
//!
//! Source: OpenID4VCI 1.0 §4 to §8 (pre-authorised code), RFC 9449.

use protocol::{
    credential::{
        HeldBinding,
        issuance::{DpopFor, prove_dpop, prove_key},
    },
    federation::{Directory, VerifiedMember},
    seal::{Algorithm, SigningKey, random},
};
use schemas::{
    federation::{Role, Standing},
    id::EntityId,
    openid::{
        AuthorizationServerMetadata, BINDING_CONFIGURATION, CredentialOffer, CredentialProofs, CredentialRequest,
        CredentialResponse, IssuerMetadata, NonceResponse, PRE_AUTHORIZED_GRANT, TokenResponse,
    },
};
use serde::Serialize;
use url::Url;

use super::{
    Federation, Home, WalletError,
    federation::registry_keys,
    home::{BoundKey, Use},
    post::Party,
};

/// Keys for departments that will come to ask later.
const SPARES: usize = 2;

/// What came of an invitation.
#[derive(Clone, Debug, Serialize)]
pub struct Bound {
    /// The identity registry.
    pub registry: EntityId,
    /// Keys that were bound now.
    pub bindings: usize,
}

/// Redeems an offer with its transaction code.
///
/// # Errors
/// If the offer cannot be read, its issuer is no identity registry of the federation, or it refuses.
pub async fn bind(home: &Home, federation: &Federation, offer: &str, tx_code: &str) -> Result<Bound, WalletError> {
    let offer = read_offer(offer)?;
    let issuer: EntityId =
        offer.credential_issuer.parse().map_err(|_| WalletError::Usage("the offer names no issuer".to_owned()))?;
    let grant = offer
        .grants
        .get(PRE_AUTHORIZED_GRANT)
        .filter(|_| offer.credential_configuration_ids.iter().any(|id| id == BINDING_CONFIGURATION));
    let grant = grant.ok_or_else(|| WalletError::Usage("the offer is for something else than a binding".to_owned()))?;
    let directory = federation.directory().await?;
    let registry = directory.peer(&issuer, federation.now())?;
    if !registry.roles().iter().any(|role| matches!(role, Role::IdentityRegistry(_))) {
        return Err(WalletError::Untrusted(format!("{issuer} is no identity registry of this federation")));
    }
    let issuing = Issuing::begin(federation, registry, &grant.code, tx_code.trim()).await?;
    let uses = uses(home, &directory)?;
    let mut bindings = home.bindings()?;
    let before = bindings.len();
    for batch in uses.chunks(issuing.batch) {
        bindings.extend(issuing.batch(home, federation, batch).await?);
        home.bindings_replace(&bindings)?;
    }
    Ok(Bound { registry: issuer, bindings: bindings.len() - before })
}

/// The offer by value (OpenID4VCI 1.0 §4.1.2); an offer by reference would be fetched from an address that nobody vouches for.
fn read_offer(link: &str) -> Result<CredentialOffer, WalletError> {
    let unreadable = || WalletError::Usage("this is no offer; it begins with openid-credential-offer://".to_owned());
    let url = Url::parse(link).ok().filter(|url| url.scheme() == "openid-credential-offer").ok_or_else(unreadable)?;
    let json = url.query_pairs().find(|(name, _)| name == "credential_offer").ok_or_else(unreadable)?.1;
    serde_json::from_str(&json).map_err(|_| unreadable())
}

/// One key for each department that may ask and has none yet, one in general, and some for departments to come.
fn uses(home: &Home, directory: &Directory) -> Result<Vec<Use>, WalletError> {
    let held = home.bindings()?;
    let asks = |member: &&VerifiedMember| {
        member.standing() == Standing::Active && member.roles().iter().any(|role| matches!(role, Role::Consumer(_)))
    };
    let mut wanted: Vec<Use> =
        directory.members().filter(asks).map(|member| Use::Consumer(member.entity().clone())).collect();
    wanted.push(Use::General);
    wanted.retain(|purpose| held.iter().all(|bound| bound.purpose != *purpose));
    let spares = held.iter().filter(|bound| bound.purpose == Use::Spare).count();
    wanted.extend((spares..SPARES).map(|_| Use::Spare));
    Ok(wanted)
}

/// An access token and where it counts.
struct Issuing<'a> {
    party: Party<'a>,
    metadata: IssuerMetadata,
    token: String,
    dpop: SigningKey,
    batch: usize,
}

impl<'a> Issuing<'a> {
    async fn begin(
        federation: &Federation,
        registry: &'a VerifiedMember,
        code: &str,
        tx_code: &str,
    ) -> Result<Self, WalletError> {
        let party = Party { member: registry, http: federation.http(registry)? };
        let metadata: IssuerMetadata =
            party.read(&party.fetch(&well_known(registry, "openid-credential-issuer")?).await?)?;
        let server = party.fetch(&well_known(registry, "oauth-authorization-server")?).await?;
        let server: AuthorizationServerMetadata = party.read(&server)?;
        let issuer = registry.entity().as_str();
        if metadata.credential_issuer != issuer || server.issuer != issuer {
            return Err(WalletError::Untrusted(format!("{issuer} describes another issuer")));
        }
        let dpop = SigningKey::generate(Algorithm::Es256)?;
        let proof = proof(&dpop, &server.token_endpoint, None, federation)?;
        let form = [("grant_type", PRE_AUTHORIZED_GRANT), ("pre-authorized_code", code), ("tx_code", tx_code)];
        let reply = party.form(&server.token_endpoint, &[("DPoP", &proof)], &form).await?;
        let token: TokenResponse = party.read(&reply)?;
        let batch = usize::try_from(metadata.batch_credential_issuance.batch_size).unwrap_or(1).clamp(1, 16);
        Ok(Self { party, metadata, token: token.access_token, dpop, batch })
    }

    /// Makes keys, proves them, and checks each binding that comes back. A key is on disk before its binding exists.
    async fn batch(&self, home: &Home, federation: &Federation, uses: &[Use]) -> Result<Vec<BoundKey>, WalletError> {
        let registry = self.party.member.entity();
        let nonce = self.party.post(&self.metadata.nonce_endpoint, "application/json", &[], Vec::new()).await?;
        let nonce: NonceResponse = self.party.read(&nonce)?;
        let mut keys = Vec::with_capacity(uses.len());
        let mut proofs = Vec::with_capacity(uses.len());
        for _ in uses {
            let key = SigningKey::generate(Algorithm::Es256)?;
            home.key_insert(&key)?;
            proofs.push(prove_key(&key, registry, &nonce.c_nonce, federation.now().numeric())?);
            keys.push(key);
        }
        let issued = self.request(federation, CredentialProofs { jwt: proofs }).await?;
        if issued.credentials.len() != keys.len() {
            return Err(WalletError::Untrusted(format!(
                "{registry} issued another number of bindings than was asked for"
            )));
        }
        let trusted = registry_keys(self.party.member);
        let bound = uses.iter().zip(keys).zip(issued.credentials).map(|((purpose, key), issued)| {
            let held = HeldBinding::receive(&issued.credential, &trusted, key.public())?;
            let (kid, token) = (key.kid().clone(), held.as_str().to_owned());
            Ok(BoundKey { kid, purpose: purpose.clone(), registry: registry.clone(), token })
        });
        bound.collect()
    }

    async fn request(
        &self,
        federation: &Federation,
        proofs: CredentialProofs,
    ) -> Result<CredentialResponse, WalletError> {
        let url = &self.metadata.credential_endpoint;
        let proof = proof(&self.dpop, url, Some(&self.token), federation)?;
        let authorization = format!("DPoP {}", self.token);
        let request = CredentialRequest { credential_configuration_id: BINDING_CONFIGURATION.to_owned(), proofs };
        let headers = [("Authorization", authorization.as_str()), ("DPoP", proof.as_str())];
        let reply = self.party.json(url, &headers, &request).await?;
        self.party.read(&reply)
    }
}

fn proof(key: &SigningKey, url: &str, token: Option<&str>, federation: &Federation) -> Result<String, WalletError> {
    let made_for = DpopFor { method: "POST", url, access_token: token };
    let now = federation.now();
    Ok(prove_dpop(key, made_for, &random::message_id(now), now.numeric())?.to_string())
}

/// A well-known address stands between host and path of the entity id (OpenID4VCI 1.0 §12.2.2).
fn well_known(member: &VerifiedMember, name: &str) -> Result<String, WalletError> {
    let entity = member.entity().as_str();
    let mut url = Url::parse(entity).map_err(|_| WalletError::Usage(format!("{entity} is no address")))?;
    let path = format!("/.well-known/{name}{}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_by_value_and_nothing_else_is_an_offer() {
        let offer = serde_json::json!({ "credential_issuer": "https://civil.gov.example",
            "credential_configuration_ids": ["resident-binding"],
            "grants": { PRE_AUTHORIZED_GRANT: { "pre-authorized_code": "c", "tx_code": { "input_mode": "numeric", "length": 6 } } } });
        let mut url = Url::parse("openid-credential-offer://").unwrap();
        url.query_pairs_mut().append_pair("credential_offer", &offer.to_string());
        assert_eq!(read_offer(url.as_str()).unwrap().grants[PRE_AUTHORIZED_GRANT].code, "c");
        for bad in [
            "",
            "https://evil.example?credential_offer={}",
            "openid-credential-offer://?credential_offer_uri=https://x.example",
            "openid-credential-offer://?credential_offer={}",
        ] {
            assert!(matches!(read_offer(bad), Err(WalletError::Usage(_))), "{bad}");
        }
    }
}

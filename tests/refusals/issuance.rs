//! What a thief is refused where bindings are issued (OpenID4VCI 1.0, RFC 9449): codes, proofs, nonces and tokens that are not his, or not
//! made for this, each bent in one place and sent to the registry's real listener.
//!
//! Guarantees of the tests: no binding and no access token comes of a refused request, and the good request that was bent is accepted
//! after all of them. Deliberately absent: the codes of `protocol.md`; these endpoints speak the words of OAuth 2.0.

use protocol::{
    credential::issuance::{DpopFor, prove_dpop, prove_key},
    seal::{Algorithm, SigningKey, decode_base64url, encode_base64url, random},
};
use schemas::{
    id::EntityId,
    local::BindingOffer,
    openid::{BINDING_CONFIGURATION, PRE_AUTHORIZED_GRANT},
    time::Timestamp,
};
use serde_json::{Value, json};
use service_kit::http_client::{HttpClient, Reply};
use url::form_urlencoded::Serializer;

use super::world::World;
use crate::{
    ready::good,
    rogue::{Traces, address, client, opened},
};

const FORM: &str = "application/x-www-form-urlencoded";
const TOKEN: &str = "/identity/token";
const CREDENTIAL: &str = "/identity/credential";

/// A compact JWS of whatever is written into it, signed by whoever is named.
struct Forged {
    header: Value,
    claims: Value,
    key: SigningKey,
}

impl Forged {
    /// Takes a good one apart.
    fn from(compact: &str, key: &SigningKey) -> Self {
        let mut parts = compact.split('.').map(|part| decode_base64url(part).unwrap());
        let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
        Self { header: next(), claims: next(), key: key.clone() }
    }

    fn write(&self) -> String {
        let signed =
            format!("{}.{}", encode_base64url(self.header.to_string()), encode_base64url(self.claims.to_string()));
        format!("{signed}.{}", encode_base64url(self.key.sign_bytes(signed.as_bytes()).unwrap()))
    }

    fn drop_claim(&mut self, name: &str) {
        assert!(self.claims.as_object_mut().unwrap().remove(name).is_some());
    }
}

/// The registry's people's listener, and when.
struct Registry<'a> {
    world: &'a World,
    entity: EntityId,
    base: String,
    client: HttpClient,
}

/// The error's name, in the words of OAuth 2.0, or what succeeded.
fn said(reply: &Reply) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    if reply.status == 200 {
        return Ok(body);
    }
    let name = body["error"].as_str().unwrap_or_else(|| panic!("{}: {body}", reply.status)).to_owned();
    assert_eq!(reply.status, if name == "invalid_token" { 401 } else { 400 }, "{body}");
    Err(name)
}

impl<'a> Registry<'a> {
    fn of(world: &'a World) -> Self {
        let civil = &world.federation.civil;
        Self {
            world,
            entity: civil.entity().clone(),
            base: address(civil, "public", "people"),
            client: client(&civil.folder().join("keys/tls.pem"), None),
        }
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn offer(&self) -> BindingOffer {
        let person = self.world.federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
        let desk = self.world.federation.civil.portal(0).unwrap();
        good(&desk.post("/v1/binding-offers", &[], &json!({ "resident": person })).await.unwrap())
    }

    /// A good proof for one of the two endpoints.
    fn dpop(&self, key: &SigningKey, path: &str, token: Option<&str>) -> Forged {
        let url = format!("{}{path}", self.base);
        let made_for = DpopFor { method: "POST", url: &url, access_token: token };
        let proof = prove_dpop(key, made_for, &random::message_id(self.now()), self.now().numeric()).unwrap();
        Forged::from(proof.as_str(), key)
    }

    fn proof(&self, key: &SigningKey, nonce: &str) -> Forged {
        let proof = prove_key(key, &self.entity, nonce, self.now().numeric()).unwrap();
        Forged::from(proof.as_str(), key)
    }

    async fn redeem(&self, proofs: &[String], code: &str, tx_code: &str) -> Result<Value, String> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", PRE_AUTHORIZED_GRANT)
            .append_pair("pre-authorized_code", code)
            .append_pair("tx_code", tx_code)
            .finish();
        let headers: Vec<(&str, &str)> = proofs.iter().map(|proof| ("DPoP", proof.as_str())).collect();
        let url = format!("{}{TOKEN}", self.base).parse().unwrap();
        said(&self.client.post_with(&url, FORM, &headers, form.into_bytes(), 1 << 16).await.unwrap())
    }

    async fn issue(&self, authorization: &str, dpop: &str, proofs: &[String]) -> Result<Value, String> {
        self.issue_as(BINDING_CONFIGURATION, authorization, dpop, proofs).await
    }

    async fn issue_as(
        &self,
        configuration: &str,
        authorization: &str,
        dpop: &str,
        proofs: &[String],
    ) -> Result<Value, String> {
        let body = json!({ "credential_configuration_id": configuration, "proofs": { "jwt": proofs } });
        let url = format!("{}{CREDENTIAL}", self.base).parse().unwrap();
        let headers = [("Authorization", authorization), ("DPoP", dpop)];
        let body = body.to_string().into_bytes();
        said(&self.client.post_with(&url, "application/json", &headers, body, 1 << 20).await.unwrap())
    }

    /// A nonce of an endpoint of a department.
    async fn nonce(&self, path: &str, kind: &str) -> String {
        let url = format!("{}{path}", self.base).parse().unwrap();
        let body = if kind.is_empty() { Vec::new() } else { json!({ "kind": kind }).to_string().into_bytes() };
        let given: Value = good(&self.client.post(&url, "application/json", body, 1 << 16).await.unwrap());
        given["c_nonce"].as_str().or(given["nonce"].as_str()).unwrap().to_owned()
    }

    /// Bindings and access tokens that there are.
    fn given(&self) -> (i64, i64) {
        let rows = Traces::of(&self.world.federation.civil).rows;
        (rows["binding"], rows["access_token"])
    }
}

fn new_key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

type Bend = fn(&mut Forged);

/// What makes a DPoP proof none, at either endpoint (RFC 9449 §4.3).
fn bent_proofs() -> Vec<(&'static str, Bend)> {
    vec![
        ("no algorithm", |p| p.header["alg"] = "none".into()),
        ("HMAC, keyed with what everybody knows", |p| p.header["alg"] = "HS256".into()),
        ("another algorithm than the key's", |p| p.header["alg"] = "EdDSA".into()),
        ("a JWT of no kind", |p| p.header["typ"] = "JWT".into()),
        ("a proof of a key for a binding", |p| p.header["typ"] = "openid4vci-proof+jwt".into()),
        ("without its key", |p| drop(p.header.as_object_mut().unwrap().remove("jwk"))),
        ("another's key in the header", |p| {
            p.header["jwk"] = serde_json::to_value(new_key().public().jwk()).unwrap();
        }),
        ("a private key in the header", |p| p.header["jwk"]["d"] = encode_base64url([7; 32]).into()),
        ("a key to be fetched", |p| p.header["jku"] = "https://evil.example/jwks".into()),
        ("a critical extension", |p| p.header["crit"] = json!(["exp"])),
        ("for another method", |p| p.claims["htm"] = "GET".into()),
        ("for another host", |p| p.claims["htu"] = "https://evil.example/identity/token".into()),
        ("for another path", |p| {
            let htu = format!("{}/x", p.claims["htu"].as_str().unwrap());
            p.claims["htu"] = htu.into();
        }),
        ("of three minutes ago", |p| p.claims["iat"] = json!(p.claims["iat"].as_i64().unwrap() - 180)),
        ("of the next minute", |p| p.claims["iat"] = json!(p.claims["iat"].as_i64().unwrap() + 60)),
        ("without its time", |p| p.drop_claim("iat")),
        ("without an id", |p| p.drop_claim("jti")),
        ("with an empty id", |p| p.claims["jti"] = "".into()),
        ("with an id that is too long", |p| p.claims["jti"] = "x".repeat(65).into()),
        ("with a claim that nobody knows", |p| p.claims["admin"] = json!(true)),
    ]
}

/// What makes the proof of a key for a binding none (OpenID4VCI 1.0, appendix F.1).
fn bent_key_proofs() -> Vec<(&'static str, &'static str, Bend)> {
    const PROOF: &str = "invalid_proof";
    vec![
        (PROOF, "no algorithm", |p| p.header["alg"] = "none".into()),
        (PROOF, "a DPoP proof", |p| p.header["typ"] = "dpop+jwt".into()),
        (PROOF, "another's key in the header", |p| {
            p.header["jwk"] = serde_json::to_value(new_key().public().jwk()).unwrap();
        }),
        (PROOF, "a name of a key instead of the key", |p| {
            let header = p.header.as_object_mut().unwrap();
            header.remove("jwk");
            header.insert("kid".to_owned(), "did:jwk:abc#0".into());
        }),
        (PROOF, "a private key in the header", |p| p.header["jwk"]["d"] = encode_base64url([7; 32]).into()),
        (PROOF, "for another registry", |p| p.claims["aud"] = "https://elsewhere.example".into()),
        (PROOF, "without a receiver", |p| p.drop_claim("aud")),
        (PROOF, "of three minutes ago", |p| p.claims["iat"] = json!(p.claims["iat"].as_i64().unwrap() - 180)),
        (PROOF, "of the next minute", |p| p.claims["iat"] = json!(p.claims["iat"].as_i64().unwrap() + 60)),
        (PROOF, "without its time", |p| p.drop_claim("iat")),
        ("invalid_nonce", "over a nonce that nobody gave", |p| p.claims["nonce"] = random::nonce().into()),
        ("invalid_nonce", "over no nonce", |p| p.drop_claim("nonce")),
    ]
}

/// All of it.
pub async fn refusals_to_thieves(world: &World) {
    let registry = Registry::of(world);
    world.nothing_is_on_its_way().await;
    let (wallet, token) = the_token(&registry).await;
    the_bindings(&registry, &wallet, &token).await;
    guessing(&registry).await;
    world.is_good("after thieves at the registry").await;
}

/// At the token endpoint; the key and the token of the good request in the end.
async fn the_token(registry: &Registry<'_>) -> (SigningKey, String) {
    let (offer, wallet) = (registry.offer().await, new_key());
    let (_, code) = opened(&offer.offer);
    let before = registry.given();
    let refused = Err("invalid_dpop_proof".to_owned());
    for (why, bend) in bent_proofs() {
        let mut proof = registry.dpop(&wallet, TOKEN, None);
        bend(&mut proof);
        assert_eq!(registry.redeem(&[proof.write()], &code, &offer.tx_code).await, refused, "{why}");
    }
    let mine = || registry.dpop(&wallet, TOKEN, None).write();
    let others = [
        ("none", vec![]),
        ("two", vec![mine(), mine()]),
        ("for the other endpoint", vec![registry.dpop(&wallet, CREDENTIAL, None).write()]),
        ("that goes with a token", vec![registry.dpop(&wallet, TOKEN, Some("a-token")).write()]),
    ];
    for (why, proofs) in others {
        assert_eq!(registry.redeem(&proofs, &code, &offer.tx_code).await, refused, "{why}");
    }
    assert_eq!(registry.given(), before, "nothing was given for bad proofs");
    let proof = mine();
    let token = registry.redeem(std::slice::from_ref(&proof), &code, &offer.tx_code).await.unwrap();
    let again = registry.offer().await;
    let (_, other) = opened(&again.offer);
    assert_eq!(registry.redeem(&[proof], &other, &again.tx_code).await, refused, "a proof that was used");
    let used = registry.redeem(&[mine()], &code, &offer.tx_code).await;
    assert_eq!(used, Err("invalid_grant".to_owned()), "a code that was used");
    (wallet, token["access_token"].as_str().unwrap().to_owned())
}

/// At the credential endpoint.
async fn the_bindings(registry: &Registry<'_>, wallet: &SigningKey, token: &str) {
    let (bearer, hers) = (format!("DPoP {token}"), new_key());
    let nonce = registry.nonce("/identity/nonce", "").await;
    let before = registry.given();
    let proven = vec![registry.proof(&hers, &nonce).write()];
    let mine = || registry.dpop(wallet, CREDENTIAL, Some(token));
    let refused = Err("invalid_token".to_owned());
    for (why, bend) in bent_proofs() {
        let mut proof = mine();
        bend(&mut proof);
        assert_eq!(registry.issue(&bearer, &proof.write(), &proven).await, refused, "{why}");
    }
    let without_hash = registry.dpop(wallet, CREDENTIAL, None).write();
    let of_another = registry.dpop(wallet, CREDENTIAL, Some("another")).write();
    let by_a_thief = registry.dpop(&new_key(), CREDENTIAL, Some(token)).write();
    let elsewhere = registry.dpop(wallet, TOKEN, Some(token)).write();
    let unknown = registry.dpop(wallet, CREDENTIAL, Some("unknown")).write();
    for (why, authorization, proof) in [
        ("a proof without the token's digest", bearer.as_str(), without_hash),
        ("a proof with another token's digest", &bearer, of_another),
        ("the token, by a thief's key", &bearer, by_a_thief),
        ("a proof for the other endpoint", &bearer, elsewhere),
        ("a token that nobody gave", "DPoP unknown", unknown),
        ("the token as a bearer's", &format!("Bearer {token}"), mine().write()),
    ] {
        assert_eq!(registry.issue(authorization, &proof, &proven).await, refused, "{why}");
    }
    proofs_of_keys(registry, (wallet, token), &nonce).await;
    assert_eq!(registry.given(), before, "nothing was given for bad proofs");
    let proof = mine().write();
    let issued = registry.issue(&bearer, &proof, &proven).await.unwrap();
    assert_eq!(issued["credentials"].as_array().unwrap().len(), 1, "a good request after refused ones");
    let fresh = vec![registry.proof(&new_key(), &registry.nonce("/identity/nonce", "").await).write()];
    assert_eq!(registry.issue(&bearer, &proof, &fresh).await, refused, "a proof that was used");
    let old = vec![registry.proof(&new_key(), &nonce).write()];
    let spent = registry.issue(&bearer, &mine().write(), &old).await;
    assert_eq!(spent, Err("invalid_nonce".to_owned()), "a nonce that was used");
    let bound = vec![registry.proof(&hers, &registry.nonce("/identity/nonce", "").await).write()];
    let twice = registry.issue(&bearer, &mine().write(), &bound).await;
    assert_eq!(twice, Err("invalid_proof".to_owned()), "a key that has a binding");
    assert_eq!(registry.given().0, before.0 + 1, "one binding came of all this");
}

/// The proofs in the body, each with a good token and a good DPoP proof.
async fn proofs_of_keys(registry: &Registry<'_>, (wallet, token): (&SigningKey, &str), nonce: &str) {
    let bearer = format!("DPoP {token}");
    let dpop = || registry.dpop(wallet, CREDENTIAL, Some(token)).write();
    for (error, why, bend) in bent_key_proofs() {
        let mut proof = registry.proof(&new_key(), nonce);
        bend(&mut proof);
        let heard = registry.issue(&bearer, &dpop(), &[proof.write()]).await;
        assert_eq!(heard, Err(error.to_owned()), "{why}");
    }
    let (one, another) = (registry.proof(&new_key(), nonce).write(), registry.nonce("/identity/nonce", "").await);
    let eddsa = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let bodies = [
        ("invalid_proof", "no proof", vec![]),
        ("invalid_proof", "one proof twice", vec![one.clone(), one.clone()]),
        ("invalid_proof", "two nonces", vec![one.clone(), registry.proof(&new_key(), &another).write()]),
        ("invalid_proof", "seventeen", (0..17).map(|_| registry.proof(&new_key(), nonce).write()).collect()),
        ("invalid_proof", "a key of another kind", vec![registry.proof(&eddsa, nonce).write()]),
    ];
    for (error, why, proofs) in bodies {
        assert_eq!(registry.issue(&bearer, &dpop(), &proofs).await, Err(error.to_owned()), "{why}");
    }
    for kind in ["citizen", "live"] {
        let other = registry.nonce("/citizen/v1/nonce", kind).await;
        let heard = registry.issue(&bearer, &dpop(), &[registry.proof(&new_key(), &other).write()]).await;
        assert_eq!(heard, Err("invalid_nonce".to_owned()), "a nonce for another use: {kind}");
    }
    let heard = registry.issue_as("driving-licence", &bearer, &dpop(), &[one]).await;
    assert_eq!(heard, Err("unknown_credential_configuration".to_owned()));
}

/// Whoever has the code and guesses the transaction code has five tries; then the right one is refused as well.
async fn guessing(registry: &Registry<'_>) {
    let (offer, wallet) = (registry.offer().await, new_key());
    let (_, code) = opened(&offer.offer);
    let wrong = if offer.tx_code == "000000" { "000001" } else { "000000" };
    let refused = Err("invalid_grant".to_owned());
    for guess in [wrong; 5] {
        let proof = registry.dpop(&wallet, TOKEN, None).write();
        assert_eq!(registry.redeem(&[proof], &code, guess).await, refused);
    }
    let proof = registry.dpop(&wallet, TOKEN, None).write();
    assert_eq!(registry.redeem(&[proof], &code, &offer.tx_code).await, refused, "dead after five");
}

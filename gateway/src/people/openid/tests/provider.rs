//! An OpenID provider on loopback: discovery, keys, and tokens that are really signed; told to misbehave, it does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use actix_web::{HttpResponse, http::Method, web};
use protocol::seal::{Algorithm, SigningKey, encode_base64url, random};
use serde_json::{Value, json};
use service_kit::{
    access::{Caller, Routes},
    clock::Clock,
    config::Listen,
    secret::{Secret, SecretFile},
    server::{Body, Bound, Limits, RouteLimits, RunningServer, Server, ServerContext},
    tls::ServerIdentity,
};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

/// The name under which it knows the gateway.
pub(super) const CLIENT: &str = "vinimay-food";
const SECRET: &str = "between provider and gateway";

/// What it does otherwise.
#[derive(Clone, Debug)]
pub(super) enum Twist {
    None,
    /// A claim of the ID token, as JSON.
    Claim(&'static str, &'static str),
    /// A member of its header, as JSON.
    Header(&'static str, &'static str),
    /// Signed by a key that it does not publish.
    OtherKey,
    /// The person is in these groups.
    Groups(&'static [&'static str]),
    /// Where codes are to be redeemed.
    Endpoint(&'static str),
    /// What its metadata calls it.
    Issuer(&'static str),
}

struct State {
    issuer: String,
    key: SigningKey,
    other: SigningKey,
    client: SigningKey,
    twist: Mutex<Twist>,
    /// Nonce and challenge of each code.
    codes: Mutex<BTreeMap<String, (String, String)>>,
    saw_assertion: Mutex<bool>,
}

pub(super) struct Provider {
    state: Arc<State>,
    folder: tempfile::TempDir,
    server: RunningServer,
}

impl Provider {
    pub(super) fn start() -> Self {
        let bound = Bound::bind("openid", Listen("127.0.0.1:0".parse().unwrap())).unwrap();
        let issuer = format!("https://localhost:{}", bound.address().port());
        let (certificate, tls_key) = service_kit_testing::self_signed("localhost", 30);
        let identity = ServerIdentity::from_pem(&certificate, &Secret::new(tls_key)).unwrap();
        let new_key = || SigningKey::generate(Algorithm::Es256).unwrap();
        let state = Arc::new(State {
            issuer: issuer.clone(),
            key: new_key(),
            other: new_key(),
            client: new_key(),
            twist: Mutex::new(Twist::None),
            codes: Mutex::default(),
            saw_assertion: Mutex::default(),
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("provider.pem"), certificate).unwrap();
        SecretFile::write(&folder.path().join("client.secret"), SECRET.as_bytes()).unwrap();
        SecretFile::write(&folder.path().join("client.pem"), &state.client.to_pem().unwrap()).unwrap();
        let limits = Limits { drain: std::time::Duration::ZERO, ..Limits::default() };
        let context = ServerContext::new(issuer.parse().unwrap(), Clock::default(), limits);
        let served = web::Data::new(Arc::clone(&state));
        let server = Server::new(context, 1)
            .listen(bound, Some(identity.acceptor().unwrap()), move || routes(served.clone()))
            .unwrap()
            .start();
        Self { state, folder, server }
    }

    /// The section of a gateway's configuration; `proof` names a file of this folder.
    pub(super) fn section(&self, proof: &str, hosts: &[&str]) -> String {
        let proof = proof.replace("\"client", &format!("\"{}/client", self.folder.path().display()));
        format!(
            "[people.openid]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n{proof}\ncertificate_file = \"{}/provider.pem\"\n\
             hosts = {hosts:?}\nrole_claim = \"groups\"\nroles = {{ auditor = [\"gov-auditors\", \"gov-admins\"], admin = [\"gov-admins\"] }}\n",
            self.state.issuer,
            self.folder.path().display(),
        )
    }

    pub(super) fn twist(&self, twist: Twist) {
        *self.state.twist.lock().unwrap() = twist;
    }

    /// The person signs in at the provider's own page; the code with which her browser is sent back.
    pub(super) fn person_signs_in(&self, nonce: &str, challenge: &str) -> String {
        let code = random::token();
        self.state.codes.lock().unwrap().insert(code.clone(), (nonce.to_owned(), challenge.to_owned()));
        code
    }

    pub(super) fn saw_assertion(&self) -> bool {
        *self.state.saw_assertion.lock().unwrap()
    }

    pub(super) async fn stop(self) {
        self.server.stop().await.unwrap();
    }
}

type Served = web::Data<Arc<State>>;

fn routes(served: Served) -> Routes {
    let read = RouteLimits::NO_BODY;
    Routes::new("openid")
        .data(served)
        .route(Method::GET, "/.well-known/openid-configuration", Caller::Public, read, metadata)
        .route(Method::GET, "/keys", Caller::Public, read, keys)
        .route(Method::POST, "/token", Caller::Public, RouteLimits::body(16 * 1024), token)
}

async fn metadata(state: Served) -> HttpResponse {
    let (mut issuer, mut endpoint) = (state.issuer.clone(), format!("{}/token", state.issuer));
    match &*state.twist.lock().unwrap() {
        Twist::Issuer(other) => issuer = (*other).to_owned(),
        Twist::Endpoint(other) => endpoint = (*other).to_owned(),
        _ => {}
    }
    HttpResponse::Ok().json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{}/authorize", state.issuer), "token_endpoint": endpoint,
        "jwks_uri": format!("{}/keys", state.issuer), "response_types_supported": ["code"],
    }))
}

async fn keys(state: Served) -> HttpResponse {
    let jwk = state.key.public().jwk();
    let key =
        json!({ "kty": jwk.kty, "crv": jwk.crv, "x": jwk.x, "y": jwk.y, "kid": "k1", "use": "sig", "alg": "ES256" });
    HttpResponse::Ok().json(json!({ "keys": [key, { "kty": "RSA", "kid": "r1", "n": "AQ", "e": "AQAB" }] }))
}

async fn token(state: Served, body: Body) -> HttpResponse {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let known = form.get("code").and_then(|code| state.codes.lock().unwrap().remove(code));
    let challenge = form.get("code_verifier").map(|verifier| encode_base64url(Sha256::digest(verifier)));
    match known {
        Some((nonce, expected)) if challenge.as_deref() == Some(&expected) && is_client(&state, &form) => {
            HttpResponse::Ok()
                .json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token(&state, &nonce) }))
        }
        _ => HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" })),
    }
}

/// By the secret, or by an assertion that its key signed.
fn is_client(state: &State, form: &BTreeMap<String, String>) -> bool {
    let Some(assertion) = form.get("client_assertion") else {
        return form.get("client_secret").is_some_and(|secret| secret == SECRET);
    };
    let jwk = state.client.public().jwk();
    let set =
        json!({ "keys": [{ "kty": jwk.kty, "crv": jwk.crv, "x": jwk.x, "y": jwk.y, "kid": state.client.kid() }] });
    let limits = protocol::seal::Limits::OTHER;
    let keys = protocol::seal::login_token::provider_keys(set.to_string().as_bytes(), limits).unwrap();
    let claims: Value = protocol::seal::login_token::verify(assertion, &keys, limits).unwrap();
    *state.saw_assertion.lock().unwrap() = true;
    claims["iss"] == CLIENT && claims["aud"] == state.issuer.as_str()
}

fn id_token(state: &State, nonce: &str) -> String {
    let now = Clock::default().now().seconds();
    let twist = state.twist.lock().unwrap().clone();
    let groups = match &twist {
        Twist::Groups(groups) => json!(groups),
        _ => json!(["gov-auditors", "everybody"]),
    };
    let mut header = json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" });
    let mut claims = json!({
        "iss": state.issuer, "sub": "person-1", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce,
        "name": "Asha Devi", "groups": groups,
    });
    match &twist {
        Twist::Claim(name, value) => claims[*name] = serde_json::from_str(value).unwrap(),
        Twist::Header(name, value) => header[*name] = serde_json::from_str(value).unwrap(),
        _ => {}
    }
    let key = if matches!(twist, Twist::OtherKey) { &state.other } else { &state.key };
    let part = |json: &Value| encode_base64url(json.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    format!("{signed}.{}", encode_base64url(key.sign_bytes(signed.as_bytes()).unwrap()))
}

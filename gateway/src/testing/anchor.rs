//! A trust anchor on a loopback port: directory, registers, submissions, with switches for what a bad one would do.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use actix_web::{HttpResponse, http::Method, web};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{
    federation::{sign_configuration, sign_register, sign_resolve_response, sign_statement, verify_applicant},
    seal::{self, Algorithm, Limits, SigningKey, Typ, UnverifiedJws, random},
};
use schemas::{
    bundle::TrustRoot,
    digest::Digest,
    federation::*,
    id::{CompactJws, EntityId},
    problem::Code,
    time::Timestamp,
    version::V1,
};
use service_kit::{
    access::{Caller, Routes},
    clock::Clock,
    config::Listen,
    secret::Secret,
    server::{
        Body, Bound, Limits as ServerLimits, ProblemResponse, Reply, RouteLimits, RunningServer, Server, ServerContext,
    },
    tls::ServerIdentity,
};

/// The origin of the tests' wallet.
pub(crate) const WALLET_ORIGIN: &str = "https://wallet.localhost:7777";

/// What the anchor does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Misbehaviour {
    /// Nothing.
    #[default]
    None,
    /// Answers every submission with 503 and Retry-After.
    Busy,
    /// Acknowledges another digest than the one submitted.
    OtherDigest,
    /// Acknowledges with a key that is not its own.
    OtherKey,
}

pub(crate) struct State {
    federation: SigningKey,
    signing: SigningKey,
    officers: [SigningKey; 2],
    certificate: String,
    pub(crate) entity: EntityId,
    pub(crate) members: BTreeMap<EntityId, Member>,
    pub(crate) purposes: Option<SignedRegister>,
    pub(crate) laws: Option<SignedRegister>,
    pub(crate) misbehaviour: Misbehaviour,
    /// What was logged, in order.
    pub(crate) log: Vec<SubmittedEntry>,
    /// Invitations that are open.
    pub(crate) invitations: Vec<String>,
    /// The instant of new statements, if it is not the present.
    pub(crate) dated: Option<i64>,
    started: Timestamp,
}

pub(crate) struct Member {
    configuration: CompactJws,
    pub(crate) roles: Vec<Role>,
    pub(crate) standing: Standing,
    statement: Option<(i64, CompactJws)>,
    /// A new statement is due, whatever the clock says.
    pub(crate) changed: bool,
}

impl Member {
    /// The next statement is made anew, of whatever instant.
    pub(crate) fn forget_statement(&mut self) {
        self.statement = None;
    }
}

pub(crate) struct TestAnchor {
    state: Arc<Mutex<State>>,
    server: Option<RunningServer>,
    pub(crate) root: TrustRoot,
}

fn set(key: &SigningKey) -> JwkSet {
    JwkSet { keys: vec![key.public().jwk().clone()] }
}

impl State {
    fn configuration(&self) -> CompactJws {
        let at = |path: &str| format!("{}{path}", self.entity);
        let officer = |(n, key): (usize, &SigningKey)| OfficerJwk {
            person: format!("officer-{n}"),
            role: "register".into(),
            jwk: key.public().jwk().clone(),
        };
        let trust_anchor = TrustAnchorMetadata {
            signing_jwks: set(&self.signing),
            officer_jwks: self.officers.iter().enumerate().map(officer).collect(),
            log_vkey: "localhost/log+00000000+AA==".into(),
            log_url: self.entity.to_string(),
            tsa_root: String::new(),
            submission_endpoint: at("/log/submissions"),
            join_endpoint: at("/federation/join"),
            registers_endpoint: at("/registers"),
            tls_certificates: vec![self.certificate.clone()],
            wallet_origin: Some(WALLET_ORIGIN.parse().unwrap()),
        };
        let federation_entity = FederationEntity {
            organization_name: "Authority".into(),
            federation_fetch_endpoint: at("/federation/fetch"),
            federation_list_endpoint: at("/federation/list"),
            federation_resolve_endpoint: at("/federation/resolve"),
            federation_historical_keys_endpoint: at("/federation/historical-keys"),
        };
        let claims = EntityConfiguration {
            iss: self.entity.clone(),
            sub: self.entity.clone(),
            iat: self.started.numeric(),
            exp: self.started.numeric().plus(30 * 86_400),
            jwks: set(&self.federation),
            authority_hints: Vec::new(),
            metadata: Metadata {
                trust_anchor: Some(trust_anchor),
                federation_entity: Some(federation_entity),
                ..Metadata::default()
            },
        };
        // ECDSA signatures differ each time; one instant must have one text.
        sign_configuration(&self.federation, &claims).unwrap()
    }

    /// A statement of this second, the same bytes within it.
    fn statement(&mut self, entity: &EntityId, now: Timestamp) -> Option<CompactJws> {
        let mut iat = self.dated.map_or(now, Timestamp::from_seconds).numeric();
        let size = u64::try_from(self.log.len()).unwrap();
        let member = self.members.get_mut(entity)?;
        match &member.statement {
            Some((at, jws)) if *at == iat.seconds() && !member.changed => return Some(jws.clone()),
            // One that is a second ahead of the clock holds until the clock has come there.
            Some((at, jws)) if *at > iat.seconds() && !member.changed && self.dated.is_none() => {
                return Some(jws.clone());
            }
            // Two statements of one second would be equivocation.
            Some((at, _)) if member.changed && iat.seconds() <= *at => iat = Timestamp::from_seconds(at + 1).numeric(),
            _ => {}
        }
        let own = verify_applicant(&member.configuration, now).unwrap();
        let claims = SubordinateStatement {
            iss: self.entity.clone(),
            sub: entity.clone(),
            iat,
            exp: iat.plus(86_400),
            jwks: own.claims().jwks.clone(),
            constraints: Constraints { max_path_length: 0 },
            roles: member.roles.clone(),
            sector: entity.as_str().trim_start_matches("https://").split('.').next().unwrap().parse().unwrap(),
            standing: member.standing,
            entity_configuration: own.digest(),
            directory_size: size,
        };
        let jws = sign_statement(&self.federation, &claims).unwrap();
        member.statement = Some((iat.seconds(), jws.clone()));
        member.changed = false;
        Some(jws)
    }
}

impl TestAnchor {
    /// Starts on a free port.
    pub(crate) fn start(clock: &Clock) -> Self {
        let bound = Bound::bind("anchor", Listen("127.0.0.1:0".parse().unwrap())).unwrap();
        let entity: EntityId = format!("https://localhost:{}", bound.address().port()).parse().unwrap();
        let (certificate, key) = service_kit_testing::self_signed("localhost", 30);
        let identity = ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap();
        let new_key = || SigningKey::generate(Algorithm::Es256).unwrap();
        let state = State {
            federation: new_key(),
            signing: new_key(),
            officers: [new_key(), new_key()],
            certificate: STANDARD.encode(identity.certificate_der().unwrap()),
            entity: entity.clone(),
            members: BTreeMap::new(),
            purposes: None,
            laws: None,
            misbehaviour: Misbehaviour::None,
            log: Vec::new(),
            invitations: Vec::new(),
            dated: None,
            started: clock.now().plus(-60),
        };
        let root = TrustRoot {
            v: V1,
            entity: entity.clone(),
            fingerprint: state.federation.kid().clone(),
            log_vkey: "localhost/log+00000000+AA==".into(),
            tsa_root: String::new(),
        };
        let configuration = state.configuration();
        let state = Arc::new(Mutex::new(state));
        let context = ServerContext::new(
            entity,
            clock.clone(),
            ServerLimits { drain: std::time::Duration::ZERO, ..ServerLimits::default() },
        );
        let served = web::Data::new(Served { state: Arc::clone(&state), configuration, clock: clock.clone() });
        let server = Server::new(context, 1)
            .listen(bound, Some(identity.acceptor().unwrap()), move || routes(served.clone()))
            .unwrap()
            .start();
        Self { state, server: Some(server), root }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Opens an invitation for a department with these roles.
    pub(crate) fn invite(&self, roles: &[&str]) -> String {
        let code = format!("{} {}", random::token(), roles.join(" "));
        self.state().invitations.push(code.clone());
        code
    }

    /// Puts a register in force, signed by both officers.
    pub(crate) fn register(&self, version: u64, content: &RegisterContent, now: Timestamp) {
        let mut state = self.state();
        let claims = |_: &SigningKey| Register {
            v: V1,
            iss: state.entity.clone(),
            iat: now.plus(-1).numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            version,
            content: content.clone(),
        };
        let signatures =
            state.officers.iter().map(|officer| sign_register(officer, &claims(officer)).unwrap()).collect();
        let signed = Some(SignedRegister { signatures });
        match content {
            RegisterContent::Purposes(_) => state.purposes = signed,
            RegisterContent::Laws(_) => state.laws = signed,
        }
    }

    /// Stops answering.
    pub(crate) async fn go_away(&mut self) {
        self.server.take().unwrap().stop().await.unwrap();
    }
}

struct Served {
    state: Arc<Mutex<State>>,
    configuration: CompactJws,
    clock: Clock,
}

fn routes(served: web::Data<Served>) -> Routes {
    Routes::new("anchor")
        .data(served)
        .route(Method::GET, "/.well-known/openid-federation", Caller::Public, RouteLimits::NO_BODY, configuration)
        .route(Method::GET, "/federation/list", Caller::Public, RouteLimits::NO_BODY, list)
        .route(Method::GET, "/federation/resolve", Caller::Public, RouteLimits::NO_BODY, resolve)
        .route(Method::GET, "/registers/{kind}", Caller::Public, RouteLimits::NO_BODY, register)
        .route(Method::POST, "/federation/join", Caller::Signer("member"), RouteLimits::body(1 << 20), join)
        .route(Method::POST, "/log/submissions", Caller::Signer("member"), RouteLimits::body(1 << 20), submit)
        .route(Method::GET, "/log/proof", Caller::Public, RouteLimits::NO_BODY, proof)
}

async fn configuration(served: web::Data<Served>) -> HttpResponse {
    HttpResponse::Ok().body(served.configuration.to_string())
}

async fn list(served: web::Data<Served>) -> HttpResponse {
    let members: Vec<EntityId> = served.state.lock().unwrap().members.keys().cloned().collect();
    HttpResponse::Ok().json(members)
}

#[derive(serde::Deserialize)]
struct Resolve {
    sub: EntityId,
}

async fn resolve(served: web::Data<Served>, question: web::Query<Resolve>) -> Reply {
    let now = served.clock.now();
    let mut state = served.state.lock().unwrap();
    let statement = state.statement(&question.sub, now).ok_or(ProblemResponse::new(Code::NotFound))?;
    let chain = vec![state.members[&question.sub].configuration.clone(), statement, served.configuration.clone()];
    let claims = ResolveResponse {
        iss: state.entity.clone(),
        sub: question.sub.clone(),
        iat: now.numeric(),
        exp: now.numeric().plus(86_400),
        trust_chain: chain,
    };
    Ok(HttpResponse::Ok().body(sign_resolve_response(&state.federation, &claims).unwrap().to_string()))
}

async fn register(served: web::Data<Served>, kind: web::Path<String>) -> Reply {
    let state = served.state.lock().unwrap();
    let register = if *kind == "laws" { &state.laws } else { &state.purposes };
    register.as_ref().map(|register| HttpResponse::Ok().json(register)).ok_or(ProblemResponse::new(Code::NotFound))
}

async fn join(served: web::Data<Served>, body: Body) -> Reply {
    let request: JoinRequest = body.json()?;
    let applicant =
        verify_applicant(&request.entity_configuration, served.clock.now()).map_err(|_| Code::SignatureInvalid)?;
    let entity = applicant.claims().sub.clone();
    let mut state = served.state.lock().unwrap();
    if request.invitation.is_empty() {
        let member = state.members.get_mut(&entity).ok_or(Code::AccessDenied)?;
        member.configuration = request.entity_configuration;
        member.changed = true;
    } else {
        let open = state.invitations.iter().position(|code| *code == request.invitation);
        let open = open.ok_or_else(|| {
            ProblemResponse::new(Code::Conflict).detail("this invitation was used; mend: ask for a new one")
        })?;
        let code = state.invitations.remove(open);
        let roles = code.split_whitespace().skip(1).map(|role| role.parse().unwrap()).collect();
        let configuration = request.entity_configuration;
        state.members.insert(
            entity,
            Member { configuration, roles, standing: Standing::Active, statement: None, changed: false },
        );
    }
    Ok(HttpResponse::Ok().json(serde_json::json!({ "log_index": 0 })))
}

async fn submit(served: web::Data<Served>, body: Body) -> Reply {
    let token = UnverifiedJws::parse(&body, Limits::SUBMISSION).map_err(|_| Code::TokenMalformed)?;
    let now = served.clock.now();
    let mut state = served.state.lock().unwrap();
    if state.misbehaviour == Misbehaviour::Busy {
        return Err(ProblemResponse::new(Code::Overloaded).retry_after(7_000));
    }
    let iss: EntityId = token.claimed_issuer().iss().unwrap().parse().unwrap();
    let member = state.members.get(&iss).ok_or(Code::PeerUnknown)?;
    let own = verify_applicant(&member.configuration, now).unwrap();
    let jwk = own.claims().metadata.data_gateway.as_ref().unwrap().signing_jwks.keys[0].clone();
    let verified = token
        .verify(Typ::AnchorSubmit, &seal::VerifyingKey::from_jwk(&jwk).unwrap())
        .map_err(|_| Code::SignatureInvalid)?;
    let submission: AnchorSubmission = verified.claims().map_err(|_| Code::TokenMalformed)?;
    let received_ms = served.clock.now_ms();
    let wrong = state.misbehaviour;
    let mut place = |entry: &SubmittedEntry| {
        let known = state.log.iter().position(|logged| logged == entry);
        let index = known.unwrap_or_else(|| {
            state.log.push(*entry);
            state.log.len() - 1
        });
        let digest = if wrong == Misbehaviour::OtherDigest { Digest::of("another") } else { entry.digest };
        SequencedEntry { digest, index: u64::try_from(index).unwrap(), received_ms }
    };
    let entries = submission.entries.iter().map(&mut place).collect();
    let ack = AnchorAck {
        v: V1,
        iss: state.entity.clone(),
        aud: iss,
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        submission: submission.jti,
        origin: "localhost/log".into(),
        entries,
    };
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let key = if wrong == Misbehaviour::OtherKey { &other } else { &state.signing };
    Ok(HttpResponse::Ok().body(seal::sign(Typ::AnchorAck, key, &ack).unwrap().to_string()))
}

#[derive(serde::Deserialize)]
struct Proof {
    r#type: u8,
    digest: Digest,
}

async fn proof(served: web::Data<Served>, question: web::Query<Proof>) -> Reply {
    let wanted = SubmittedEntry { r#type: question.r#type, digest: question.digest };
    let state = served.state.lock().unwrap();
    let index = state.log.iter().position(|logged| *logged == wanted).ok_or(Code::NotFound)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "proof": format!("proof of {index}"), "timestamps": ["AA=="] })))
}

//! The floor: a bare loop that does for each event what no gateway can leave out, and nothing else, in the same run.
//!
//! For each event: its name is signed and sealed, match and payload are sealed, the event is signed; at the other side its signature is
//! verified, its three parts are opened, the name's signature is verified, an acknowledgement is signed; back at the source that is
//! verified. For each hundred: one durable commit of events at the source, one HTTPS POST (mutual TLS 1.3), one durable commit of
//! events and acknowledgements at the receiver, one of the acknowledgements at the source. As many loops as the machine has cores.
//! Guarantees: the project's own functions over messages of the sizes that travel, in one process. Deliberately absent: reading the
//! register, numbering, subscriptions, leases, the log, acting on events.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, ensure};
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};
use openssl::{
    pkey::PKey,
    ssl::{SslAcceptor, SslMethod, SslVerifyMode, SslVersion},
    x509::X509,
};
use protocol::{
    event::{NamingRegistry, Occurrence, Receiver, Source, accept_ack, accept_event, open_any_event},
    exchange::Attested,
    federation::VerifiedMember,
};
use protocol_testing::{World, name};
use schemas::{
    event::{Event, EventAssurance, EventBasis, EventMatch, EventResult, MoveKind, Place, ResidenceMoved},
    federation::Role,
    id::CompactJws,
};
use service_kit::{
    clock::Clock,
    http_client::{ClientLimits, HttpClient, NetworkPolicy},
    tls::ServerIdentity,
};

use crate::{databases::Databases, federation::MOVED};

/// Events of one delivery, as gateways send them.
const BATCH: u64 = 100;
const ANSWER_BYTES: usize = 1 << 20;
const TABLES: &str = "CREATE TABLE sent (digest text PRIMARY KEY, jws text NOT NULL);
     CREATE TABLE received (digest text PRIMARY KEY, jws text NOT NULL);
     CREATE TABLE acknowledged (digest text PRIMARY KEY, jws text NOT NULL)";

/// Source and receiver, with their keys.
struct Parties {
    world: World,
    source: VerifiedMember,
    receiver: VerifiedMember,
}

/// What the floor is.
pub struct Floor {
    /// Events a second through all loops.
    pub per_second: f64,
    /// Loops at a time.
    pub loops: usize,
    /// Bytes of one signed event.
    pub event_bytes: usize,
}

/// Runs the loops for so long.
///
/// # Errors
/// If a step refuses what the step before made.
pub fn measure(clock: &Clock, databases: &Databases, cores: usize, window: Duration) -> anyhow::Result<Floor> {
    databases.connect("floor")?.batch_execute(TABLES)?;
    let mut world = World::new();
    world.registry.member.roles.push(Role::EventSource(name(MOVED)));
    let (source, receiver) = (world.authority.admit(&world.registry.member), world.authority.admit(&world.consumer));
    let parties = Arc::new(Parties { world, source, receiver });
    let event_bytes = parties.event(1)?.jws().as_str().len();
    let (address, until) = (parties.clone().listen(&databases.owner("floor"))?, clock.monotonic() + window);
    let loops: Vec<_> = (0..cores)
        .map(|_| {
            let (parties, clock, database) = (Arc::clone(&parties), clock.clone(), databases.owner("floor"));
            std::thread::spawn(move || parties.run(&clock, &database, address, until))
        })
        .collect();
    let mut events = 0;
    for done in loops {
        events += done.join().map_err(|_| anyhow::anyhow!("a loop of the floor has panicked"))??;
    }
    #[allow(clippy::cast_precision_loss, reason = "a count of events")]
    let per_second = events as f64 / window.as_secs_f64();
    Ok(Floor { per_second, loops: cores, event_bytes })
}

impl Parties {
    fn event(&self, seq: u64) -> anyhow::Result<Attested<Event>> {
        let (world, us) = (&self.world, &self.world.registry.entity);
        let key = self.receiver.encryption_key();
        let registry = NamingRegistry { entity: us, signing: &world.registry.signing };
        let person = world.registry.subject(&format!("SYN-R{seq:06}"), &world.consumer.sector);
        let occurrence = Occurrence {
            subscriber: world.consumer.entity.clone(),
            kind: name(MOVED),
            seq,
            subject_ref: "Zm9vYmFyYmF6cXV1eGNvcmdlZ3JhdWx0Z2FycGx5d2E".to_owned(),
            person_seq: 1,
            effective: world.now.civil_day(),
            recorded: world.now,
            assurance: EventAssurance::Registered,
            case: name(&format!("case-{seq}")),
            supersedes: None,
            basis: EventBasis::Law { id: name("cg-offers-2026-moves") },
            subject: registry.name((&world.consumer.entity, key), us, person, world.now)?,
            after: None,
        };
        let to = Place { state: Some(name("22")), district: Some(name("387")), ..Place::default() };
        let moved = ResidenceMoved {
            registration_number: Some(seq.to_string()),
            from: Place::default(),
            to,
            kind: MoveKind::InterDistrict,
            temporary: false,
        };
        let about = EventMatch { name: "Nagarikab Parikshan".to_owned(), birth_year: Some(1954) };
        let signs = Source { entity: us, signing: &world.registry.signing };
        Ok(signs.event(occurrence, key, &about, &moved, world.now)?)
    }

    /// One loop; how many events it took through.
    fn run(&self, clock: &Clock, database: &str, port: u16, until: Duration) -> anyhow::Result<u64> {
        let mut conn = PgConnection::establish(database)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = self.client()?;
        let url = format!("https://localhost:{port}/events").parse()?;
        let mut done = 0;
        while clock.monotonic() < until {
            let events: Vec<Attested<Event>> = (0..BATCH).map(|n| self.event(n + 1)).collect::<Result<_, _>>()?;
            keep(&mut conn, "sent", &events.iter().map(|event| event.jws().clone()).collect::<Vec<_>>())?;
            let body = serde_json::to_vec(&events.iter().map(Attested::jws).collect::<Vec<_>>())?;
            let reply = runtime.block_on(client.post(&url, "application/json", body, ANSWER_BYTES))?;
            let acks: Vec<CompactJws> = serde_json::from_slice(&reply.body)?;
            ensure!(acks.len() == events.len(), "not one acknowledgement each");
            for (event, ack) in events.iter().zip(&acks) {
                accept_ack(ack.as_str().as_bytes(), event, &self.receiver).context("an acknowledgement")?;
            }
            keep(&mut conn, "acknowledged", &acks)?;
            done += BATCH;
        }
        Ok(done)
    }

    fn client(&self) -> anyhow::Result<HttpClient> {
        let folder = tempfile::tempdir()?;
        let (certificate, key) = (folder.path().join("tls.pem"), folder.path().join("tls.key.pem"));
        let tls = &self.world.registry.member.tls;
        std::fs::write(&certificate, tls.certificate().to_pem()?)?;
        service_kit::secret::SecretFile::write(&key, &tls.key_to_pem()?)?;
        let identity = ServerIdentity::load(&certificate, &key)?;
        let networks = NetworkPolicy::parse(["127.0.0.0/8"]).map_err(anyhow::Error::msg)?;
        let pinned = self.world.consumer.tls.certificate().to_der()?;
        Ok(HttpClient::pinned(&[pinned], Some(&identity), networks, ClientLimits::default())?)
    }

    /// The receiver: a thread for each connection, until this process ends.
    fn listen(self: Arc<Self>, database: &str) -> anyhow::Result<u16> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (acceptor, database) = (Arc::new(self.acceptor()?), database.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (us, acceptor, database) = (Arc::clone(&self), Arc::clone(&acceptor), database.clone());
                std::thread::spawn(move || {
                    let Ok(stream) = acceptor.accept(stream) else { return };
                    // Ends with an error when the client closes.
                    let _ = us.serve(BufReader::new(stream), &database);
                });
            }
        });
        Ok(port)
    }

    fn acceptor(&self) -> anyhow::Result<SslAcceptor> {
        let mut builder = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server())?;
        builder.set_min_proto_version(Some(SslVersion::TLS1_3))?;
        let (certificate, tls) = (&self.world.registry.member.tls.certificate().to_der()?, &self.world.consumer.tls);
        let own = X509::from_der(&tls.certificate().to_der()?)?;
        builder.set_certificate(own.as_ref())?;
        let key = PKey::private_key_from_pem(&tls.key_to_pem()?)?;
        builder.set_private_key(key.as_ref())?;
        let admitted = certificate.clone();
        builder.set_verify_callback(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT, move |_, context| {
            let shown = context.current_cert().and_then(|leaf| leaf.to_der().ok());
            context.error_depth() == 0 && shown.as_ref() == Some(&admitted)
        });
        Ok(builder.build())
    }

    fn serve<S: Read + Write>(&self, mut stream: BufReader<S>, database: &str) -> anyhow::Result<()> {
        let mut conn = PgConnection::establish(database)?;
        loop {
            let body = request(&mut stream)?;
            let events: Vec<CompactJws> = serde_json::from_slice(&body)?;
            let acks = events.iter().map(|event| self.take(event)).collect::<anyhow::Result<Vec<_>>>()?;
            keep(&mut conn, "received", &[events.as_slice(), acks.as_slice()].concat())?;
            let answer = serde_json::to_vec(&acks)?;
            let out = stream.get_mut();
            write!(
                out,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                answer.len()
            )?;
            out.write_all(&answer)?;
            out.flush()?;
        }
    }

    fn take(&self, event: &CompactJws) -> anyhow::Result<CompactJws> {
        let world = &self.world;
        let event = accept_event(event.as_str().as_bytes(), &self.source)?;
        open_any_event(&event, &self.source, std::slice::from_ref(&world.consumer.encryption))?;
        let us = Receiver { entity: &world.consumer.entity, signing: &world.consumer.signing };
        let ack = us.acknowledge(&event, Ok(EventResult::Received), event.claims().seq, world.now)?;
        Ok(ack.jws().clone())
    }
}

/// One request's body; HTTP/1.1 with a length, as the client sends it.
fn request(stream: &mut impl BufRead) -> anyhow::Result<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line)? > 0, "the client has closed");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// All rows in one statement, which is one durable commit.
fn keep(conn: &mut PgConnection, table: &'static str, tokens: &[CompactJws]) -> anyhow::Result<()> {
    let digests: Vec<String> =
        tokens.iter().map(|token| schemas::digest::Digest::of(token.as_str()).to_string()).collect();
    let tokens: Vec<&str> = tokens.iter().map(CompactJws::as_str).collect();
    sql_query(format!("INSERT INTO {table} SELECT * FROM unnest($1::text[], $2::text[])"))
        .bind::<diesel::sql_types::Array<Text>, _>(digests)
        .bind::<diesel::sql_types::Array<Text>, _>(tokens)
        .execute(conn)?;
    Ok(())
}

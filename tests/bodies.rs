//! A thousand bodies at once, of up to 100 MiB, slow, nested, truncated, announced and never sent, or sent without end: against all
//! listeners of one gateway. Its memory must not follow them, and a good request is answered right after. Connections beyond what
//! a process takes are refused before they cost anything; they count among the thousand.
//!
//! Resident memory is read from /proc while they run. Each connection ends by the server's own answer or close; nothing waits longer
//! than the server's own deadlines. People's callers come from several loopback addresses, as there are 64 connections an address.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslVerifyMode};
use schemas::problem::{Code, Problem};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_openssl::SslStream;
use vinimay::world::Department;

use crate::{
    ready::{Ready, consent_of, consenting_citizen},
    rogue::{PATIENCE, PeerDoor, address},
    support::in_company,
};

/// What is shown here.
pub const CODES: &[Code] = &[Code::RequestTimeout, Code::RequestTooLarge, Code::RequestMalformed, Code::Overloaded];

const MIB: u64 = 1024 * 1024;
const HUGE: usize = 100 << 20;

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Manner {
    /// A byte now and then.
    Slow,
    /// Deep brackets, to the route's limit.
    Nested,
    /// Half of what was announced, then the end of the stream.
    Truncated,
    /// 100 MiB announced and sent as long as they are taken.
    Announced,
    /// 100 MiB in chunks, as long as they are taken.
    Chunked,
    /// Nearly all of the route's limit, then nothing.
    Held,
}

const MANNERS: [Manner; 5] = [Manner::Slow, Manner::Nested, Manner::Truncated, Manner::Announced, Manner::Chunked];

/// A listener, and how one gets in.
#[derive(Clone)]
struct Entrance {
    connector: SslConnector,
    host: String,
    port: u16,
    /// Path, media type, and the largest body that it takes.
    route: (&'static str, &'static str, usize),
}

impl Entrance {
    fn of(
        url: &str,
        department: &Department,
        shows: Option<(&Path, &Path)>,
        route: (&'static str, &'static str, usize),
    ) -> Self {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.set_ca_file(department.folder().join("keys/tls.pem")).unwrap();
        builder.set_verify(SslVerifyMode::PEER);
        if let Some((certificate, key)) = shows {
            builder.set_certificate_file(certificate, SslFiletype::PEM).unwrap();
            builder.set_private_key_file(key, SslFiletype::PEM).unwrap();
        }
        let (host, port) = url.trim_start_matches("https://").rsplit_once(':').unwrap();
        Self { connector: builder.build(), host: host.to_owned(), port: port.parse().unwrap(), route }
    }

    async fn connect(&self, from: Ipv4Addr) -> std::io::Result<SslStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        let ssl = self.connector.configure().unwrap().into_ssl(&self.host).unwrap();
        let mut stream = SslStream::new(ssl, stream).unwrap();
        Pin::new(&mut stream).connect().await.map_err(std::io::Error::other)?;
        Ok(stream)
    }

    /// The answer's code; `None` if the server closed without one.
    async fn send(&self, from: Ipv4Addr, manner: Manner) -> Option<Code> {
        let (mut reader, mut writer) = tokio::io::split(self.connect(from).await.ok()?);
        let written = self.write(&mut writer, manner);
        let mut written = Box::pin(written);
        tokio::select! {
            code = answer(&mut reader) => code,
            // All is sent that will be: the answer is still to come.
            _ = &mut written => answer(&mut reader).await,
        }
    }

    async fn write(&self, writer: &mut WriteHalf<SslStream<TcpStream>>, manner: Manner) -> std::io::Result<()> {
        let (path, media_type, limit) = self.route;
        let length = match manner {
            Manner::Chunked => "Transfer-Encoding: chunked".to_owned(),
            Manner::Announced => format!("Content-Length: {HUGE}"),
            _ => format!("Content-Length: {limit}"),
        };
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {media_type}\r\n{length}\r\n\r\n", self.host);
        writer.write_all(head.as_bytes()).await?;
        match manner {
            Manner::Slow => loop {
                writer.write_all(b"[").await?;
                writer.flush().await?;
                tokio::time::sleep(Duration::from_millis(400)).await;
            },
            Manner::Nested => writer.write_all(&vec![b'['; limit]).await,
            Manner::Held => {
                writer.write_all(&vec![b'['; limit - 1]).await?;
                writer.flush().await
            }
            Manner::Truncated => {
                writer.write_all(&vec![b'['; limit / 2]).await?;
                writer.shutdown().await
            }
            Manner::Announced => pour(writer, |_| Vec::new()).await,
            Manner::Chunked => pour(writer, |size| format!("{size:x}\r\n").into_bytes()).await,
        }
    }
}

/// 100 MiB, as long as somebody takes them.
async fn pour(writer: &mut WriteHalf<SslStream<TcpStream>>, before: fn(usize) -> Vec<u8>) -> std::io::Result<()> {
    let part = vec![b'['; 16 << 10];
    for _ in 0..HUGE / part.len() {
        let mark = before(part.len());
        writer.write_all(&mark).await?;
        writer.write_all(&part).await?;
        if !mark.is_empty() {
            writer.write_all(b"\r\n").await?;
        }
    }
    writer.flush().await
}

async fn answer(reader: &mut ReadHalf<SslStream<TcpStream>>) -> Option<Code> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = reader.read(&mut part).await.unwrap_or(0);
        bytes.extend_from_slice(&part[..read]);
        let body = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|end| &bytes[end + 4..]);
        if let Some(problem) = body.and_then(|body| serde_json::from_slice::<Problem>(body).ok()) {
            return Some(problem.code);
        }
        if read == 0 {
            return None;
        }
    }
}

/// Resident memory of a process, bytes.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// The most that a process held while something ran.
struct Watch {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Watch {
    fn over(process: u32) -> Self {
        let (most, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, ended) = (Arc::clone(&most), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Acquire) {
                seen.fetch_max(resident(process), Ordering::AcqRel);
                std::thread::park_timeout(Duration::from_millis(2));
            }
        });
        Self { most, over, thread }
    }

    fn end(self) -> u64 {
        self.over.store(true, Ordering::Release);
        self.thread.join().unwrap();
        self.most.load(Ordering::Acquire)
    }
}

/// The listeners of social welfare: it has all three in use.
fn entrances(ready: &Ready) -> (Vec<Entrance>, Vec<Entrance>) {
    let social = &ready.federation.social;
    let keys = |name: &Department| (name.folder().join("keys/tls.pem"), name.folder().join("keys/tls.key.pem"));
    let peers = address(social, "public", "peers");
    let people = address(social, "public", "people");
    let systems = social.folder().join("systems");
    let portal = (systems.join("portal.pem"), systems.join("portal.key.pem"));
    let mut few = vec![Entrance::of(
        &social.local_address(0),
        social,
        Some((&portal.0, &portal.1)),
        ("/v1/consent-requests", "application/json", 16 << 10),
    )];
    for (department, route) in [
        (&ready.federation.revenue, ("/peer/v1/receipts", "application/dx-receipts", 1 << 20)),
        (&ready.federation.food, ("/peer/v1/queries", "application/dx-query+jwt", 64 << 10)),
    ] {
        let shown = keys(department);
        few.push(Entrance::of(&peers, social, Some((&shown.0, &shown.1)), route));
    }
    let many = [
        ("/consents/responses", "application/x-www-form-urlencoded", 256 << 10),
        ("/citizen/v1/orders", "application/consent-order+jwt", 32 << 10),
        ("/citizen/v1/history", "application/json", 20 << 10),
    ];
    (few, many.map(|route| Entrance::of(&people, social, None, route)).to_vec())
}

/// A thousand connections: as many as one certificate may have at the peers' and the local listener, the rest at the people's.
fn thousand(few: &[Entrance], many: &[Entrance]) -> Vec<(Entrance, Ipv4Addr, Manner)> {
    let manner = |n: usize| MANNERS[n % MANNERS.len()];
    let mut all: Vec<_> = few
        .iter()
        .flat_map(|entrance| (0..60).map(move |n| (entrance.clone(), Ipv4Addr::LOCALHOST, manner(n))))
        .collect();
    for n in 0..1_000 - all.len() {
        let address = Ipv4Addr::new(127, 0, 1, u8::try_from(1 + n / 60).unwrap());
        all.push((many[n / 5 % many.len()].clone(), address, manner(n)));
    }
    all
}

async fn send_all(bodies: Vec<(Entrance, Ipv4Addr, Manner)>) -> Vec<(Manner, Option<Code>)> {
    let mut running = JoinSet::new();
    for (entrance, from, manner) in bodies {
        running.spawn(async move { (manner, entrance.send(from, manner).await) });
    }
    tokio::time::timeout(PATIENCE, running.join_all())
        .await
        .expect("the server ends every connection by its own deadlines")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_bodies_at_once_cost_little_memory_and_hold_nobody_up() {
    let _turn = in_company();
    let mut ready = Ready::plain();
    let (citizen, _) = consenting_citizen(&ready.federation).await;
    let (few, many) = entrances(&ready);
    let process = ready.federation.social.server(0).unwrap().id();
    // Warm: each listener has served each manner of body that is not slow, so that threads and their pools of memory are there.
    let warm = few
        .iter()
        .chain(&many)
        .flat_map(|entrance| MANNERS.map(|manner| (entrance.clone(), Ipv4Addr::LOCALHOST, manner)))
        .filter(|(_, _, manner)| *manner != Manner::Slow);
    send_all(warm.collect()).await;
    let before = resident(process);
    let watch = Watch::over(process);
    let answers = send_all(thousand(&few, &many)).await;
    let most = watch.end();
    let raised = most.saturating_sub(before);
    let mut counted: BTreeMap<(Manner, String), usize> = BTreeMap::new();
    for (manner, code) in &answers {
        *counted.entry((*manner, code.map_or("closed".to_owned(), |code| code.to_string()))).or_default() += 1;
    }
    assert!(raised < 64 * MIB, "resident memory rose by {} MiB from {} MiB: {counted:?}", raised / MIB, before / MIB);
    for (manner, code) in [
        (Manner::Slow, Code::RequestTimeout),
        (Manner::Nested, Code::RequestMalformed),
        (Manner::Announced, Code::RequestTooLarge),
        (Manner::Chunked, Code::RequestTooLarge),
    ] {
        assert!(answers.contains(&(manner, Some(code))), "no {manner:?} body was refused with {code}: {counted:?}");
    }
    consent_of(&ready.federation, &citizen).await;
    more_than_the_budget(&ready, &few[1]).await;
    consent_of(&ready.federation, &citizen).await;
}

/// Bodies that are nearly there and never end fill the budget of the whole process; whoever comes then is told to come again.
async fn more_than_the_budget(ready: &Ready, receipts: &Entrance) {
    let held = (0..60).map(|_| (receipts.clone(), Ipv4Addr::LOCALHOST, Manner::Held)).collect();
    let answers = send_all(held).await;
    assert!(answers.contains(&(Manner::Held, Some(Code::Overloaded))), "{answers:?}");
    let door = PeerDoor::of(&ready.federation.social, &ready.federation.revenue);
    let reply = door.post(b"x", "application/dx-query+jwt", &[]).await;
    assert_eq!(crate::rogue::plain_code(&reply), Code::TokenMalformed, "heard again at once");
}

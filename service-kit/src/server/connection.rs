//! One connection: admission, TLS, and the deadlines that the HTTP library keeps for its first request only.
//!
//! Guarantees: a head has 5 s and 16 kB on *every* request, from its first byte; an answer that the peer does not take is cut off;
//! a peer has a bounded number of connections; an unread body is drained for a moment, so that the refusal arrives, and not for
//! ever; a connection on which nothing was asked yet is kept as long as one between two requests, because a client may have opened
//! it for a request that another connection then took, and would send its next one into the closing.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::error::DispatchError;
use actix_web::dev::Extensions;
use openssl::ssl::{Ssl, SslAcceptor};
use schemas::problem::Code;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Semaphore,
    time::{Sleep, sleep},
};
use tokio_openssl::SslStream;

use super::{Limits, ServerContext};
use crate::tls::PeerCertificate;

mod count;
pub(crate) use count::{Connections, PeerKey, Place, Working};

/// Bytes of an unread body that are thrown away so that the refusal can be read.
const DRAINED: usize = 256 * 1024;
/// Bytes that are read before the library must look at them; bounds what one connection buffers.
const BURST: usize = 16 * 1024;

/// Takes a TCP connection to the point where HTTP can begin.
#[derive(Clone)]
pub(super) struct Acceptor {
    context: ServerContext,
    tls: Option<SslAcceptor>,
    handshakes: Rc<Semaphore>,
}

impl Acceptor {
    pub(super) fn new(context: ServerContext, tls: Option<SslAcceptor>) -> Self {
        let handshakes = Rc::new(Semaphore::new(context.inner.limits.handshakes));
        Self { context, tls, handshakes }
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> Result<(Guarded, Option<SocketAddr>), DispatchError> {
        let shared = &self.context.inner;
        let address = stream.peer_addr()?;
        // A small answer must not wait for a delayed acknowledgement.
        stream.set_nodelay(true)?;
        let place = shared.connections.enter().ok_or_else(|| refused("connections"))?;
        let transport = match &self.tls {
            None => Transport::Plain(stream),
            Some(tls) => Transport::Tls(Box::new(self.handshake(tls, stream).await?)),
        };
        let certificate = transport.certificate();
        let peer = PeerKey::of(certificate.as_ref(), address.ip());
        let place = place.of_peer(peer).ok_or_else(|| refused("peer"))?;
        let opened = shared.clock.monotonic();
        let state = Rc::new(ConnectionState::new(certificate, (peer, place), shared.limits, opened));
        Ok((Guarded::new(transport, state), Some(address)))
    }

    async fn handshake(&self, tls: &SslAcceptor, stream: TcpStream) -> Result<SslStream<TcpStream>, DispatchError> {
        let _turn = self.handshakes.acquire().await.map_err(io::Error::other)?;
        let ssl = Ssl::new(tls.context()).map_err(io::Error::other)?;
        let mut stream = SslStream::new(ssl, stream).map_err(io::Error::other)?;
        let done = tokio::time::timeout(self.context.inner.limits.handshake, Pin::new(&mut stream).accept()).await;
        match done {
            Ok(Ok(())) => Ok(stream),
            Ok(Err(_)) => Err(refused("handshake")),
            Err(_) => Err(refused("handshake-time")),
        }
    }
}

fn refused(why: &'static str) -> DispatchError {
    metrics::counter!("connections_refused_total", "why" => why).increment(1);
    DispatchError::Io(io::ErrorKind::ConnectionAborted.into())
}

fn cut(why: &'static str, kind: io::ErrorKind) -> io::Error {
    metrics::counter!("connections_cut_total", "why" => why).increment(1);
    kind.into()
}

/// Puts what is known of the connection where requests find it.
pub(super) fn introduce(stream: &Guarded, data: &mut Extensions) {
    data.insert(Rc::clone(&stream.state));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between requests, or inside a head.
    Head,
    /// A request is being worked on or answered.
    Request,
    /// Answered without reading the whole body; the rest is thrown away.
    Drain,
}

/// The books of one connection, shared by its stream and its requests (which run on one thread).
pub(crate) struct ConnectionState {
    certificate: Option<PeerCertificate>,
    peer: PeerKey,
    /// Given back when the stream is gone, whoever still holds these books.
    place: RefCell<Option<Place>>,
    limits: Limits,
    opened: Duration,
    requests: Cell<u32>,
    phase: Cell<Phase>,
    bytes: Cell<usize>,
    body_read: Cell<bool>,
    /// Something waits for the phase to change.
    deadline_stale: Cell<bool>,
    reader: RefCell<Option<std::task::Waker>>,
}

impl ConnectionState {
    fn new(
        certificate: Option<PeerCertificate>,
        (peer, place): (PeerKey, Place),
        limits: Limits,
        opened: Duration,
    ) -> Self {
        Self {
            certificate,
            peer,
            place: RefCell::new(Some(place)),
            limits,
            opened,
            requests: Cell::new(0),
            phase: Cell::new(Phase::Head),
            bytes: Cell::new(0),
            body_read: Cell::new(true),
            deadline_stale: Cell::new(true),
            reader: RefCell::new(None),
        }
    }

    /// The certificate of the handshake, if the listener asked for one.
    pub(crate) const fn certificate(&self) -> Option<&PeerCertificate> {
        self.certificate.as_ref()
    }

    /// By what the peer is counted.
    pub(crate) const fn peer(&self) -> PeerKey {
        self.peer
    }

    /// A request's head is there.
    ///
    /// # Errors
    /// Why nobody works on it now; the connection lives.
    pub(super) fn begin_request(&self, has_body: bool) -> Result<Option<Working>, Code> {
        self.requests.set(self.requests.get().saturating_add(1));
        self.body_read.set(!has_body);
        self.enter(Phase::Request);
        self.place.borrow().as_ref().map_or(Ok(None), Place::work)
    }

    pub(super) fn body_was_read(&self) {
        self.body_read.set(true);
    }

    pub(super) fn is_body_read(&self) -> bool {
        self.body_read.get()
    }

    pub(super) fn end_request(&self) {
        self.enter(if self.body_read.get() { Phase::Head } else { Phase::Drain });
    }

    pub(super) fn must_close(&self, limits: &Limits, now: Duration) -> bool {
        self.requests.get() >= limits.connection_requests || now.saturating_sub(self.opened) >= limits.connection_age
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.bytes.set(0);
        self.deadline_stale.set(true);
        if let Some(reader) = self.reader.borrow_mut().take() {
            reader.wake();
        }
    }
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<SslStream<TcpStream>>),
}

impl Transport {
    fn certificate(&self) -> Option<PeerCertificate> {
        let Self::Tls(stream) = self else { return None };
        PeerCertificate::from_x509(&*stream.ssl().peer_certificate()?).ok()
    }
}

/// A connection under its deadlines.
pub(super) struct Guarded {
    transport: Transport,
    state: Rc<ConnectionState>,
    read_deadline: Option<Pin<Box<Sleep>>>,
    write_deadline: Option<Pin<Box<Sleep>>>,
    /// Bytes read since the library last got to look at them.
    burst: usize,
}

impl Guarded {
    fn new(transport: Transport, state: Rc<ConnectionState>) -> Self {
        Self { transport, state, read_deadline: None, write_deadline: None, burst: 0 }
    }

    /// Sets the deadline that fits the phase. It is looked at only while a read waits.
    fn renew_read_deadline(&mut self) {
        if !self.state.deadline_stale.replace(false) {
            return;
        }
        let limits = &self.state.limits;
        self.read_deadline = match (self.state.phase.get(), self.state.bytes.get()) {
            // Nothing of the next request yet: the library closes idle connections; this is behind it, and alone before the first.
            (Phase::Head, 0) => Some(Box::pin(sleep(limits.keep_alive.saturating_add(limits.head)))),
            (Phase::Head, _) => Some(Box::pin(sleep(limits.head))),
            (Phase::Request, _) => None,
            (Phase::Drain, _) => Some(Box::pin(sleep(Duration::from_secs(1)))),
        };
    }

    fn count(&mut self, read: usize) {
        let had = self.state.bytes.replace(self.state.bytes.get().saturating_add(read));
        self.burst = self.burst.saturating_add(read);
        if had == 0 && read > 0 {
            // The first byte of a head: its own deadline begins.
            self.state.deadline_stale.set(true);
        }
    }

    fn poll_read_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        *self.state.reader.borrow_mut() = Some(cx.waker().clone());
        // A byte may have come since the deadline was chosen.
        self.renew_read_deadline();
        let Some(deadline) = &mut self.read_deadline else { return Poll::Pending };
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(cut("read-time", io::ErrorKind::TimedOut)))
    }

    /// Throws away what still comes, so that the peer gets to read the refusal. Nothing of it reaches the library.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        while self.state.bytes.get() < DRAINED {
            let mut buf = ReadBuf::new(&mut scratch);
            match self.poll_transport(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.state.bytes.set(self.state.bytes.get().saturating_add(buf.filled().len()));
                }
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => return self.poll_read_deadline(cx),
            }
        }
        Poll::Ready(Err(cut("unread-body", io::ErrorKind::ConnectionAborted)))
    }

    fn poll_transport(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Transport::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }

    fn poll_write_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let limit = self.state.limits.write;
        let deadline = self.write_deadline.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(cut("write-time", io::ErrorKind::TimedOut))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.state.place.take();
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.renew_read_deadline();
        if this.state.phase.get() == Phase::Drain {
            return this.poll_drain(cx);
        }
        // The library reads on and on before it looks at what it has. After each burst, let it look.
        if this.burst >= BURST {
            this.burst = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.state.phase.get() == Phase::Head && this.state.bytes.get() > this.state.limits.head_bytes {
            return Poll::Ready(Err(cut("head-size", io::ErrorKind::InvalidData)));
        }
        let before = buf.filled().len();
        if let Poll::Ready(done) = this.poll_transport(cx, buf) {
            this.count(buf.filled().len().saturating_sub(before));
            return Poll::Ready(done);
        }
        this.burst = 0;
        this.poll_read_deadline(cx)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Transport::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        };
        match written {
            Poll::Pending => self.poll_write_deadline(cx).map(Err),
            done => done,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(cx),
        };
        match flushed {
            Poll::Pending => self.poll_write_deadline(cx).map(Err),
            done => {
                self.write_deadline = None;
                done
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl PeerKey {
    fn of(certificate: Option<&PeerCertificate>, address: IpAddr) -> Self {
        certificate.map_or(Self::Address(address), |certificate| Self::Certificate(certificate.fingerprint()))
    }
}

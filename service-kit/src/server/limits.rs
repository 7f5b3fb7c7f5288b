//! Every number under which a listener works: "Limits and time-outs" of the security design.

use std::time::Duration;

/// Limits of a process. All defaults come from the security design.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the TLS handshake.
    pub handshake: Duration,
    /// Handshakes at the same time; more wait.
    pub handshakes: usize,
    /// From the first byte of a request to the end of its head, for each request.
    pub head: Duration,
    /// Bytes of a request head.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of the request target.
    pub target_bytes: usize,
    /// For the whole body of a request.
    pub body: Duration,
    /// Slowest pace of a body, bytes a second.
    pub body_pace: u64,
    /// Until all of an answer is written.
    pub write: Duration,
    /// How long a connection may be idle.
    pub keep_alive: Duration,
    /// How old a connection may become.
    pub connection_age: Duration,
    /// Requests on one connection.
    pub connection_requests: u32,
    /// Connections of the process whose requests are worked on; a few more are let in to hear that it is too many.
    pub connections: usize,
    /// Requests in work at the same time of one client certificate, or of one address where none is shown. A certificate may hold
    /// twice as many connections; those without one have three quarters of all among them.
    pub connections_per_peer: usize,
    /// Requests in work at the same time.
    pub concurrent: usize,
    /// Requests that wait for work; more are refused.
    pub queued: usize,
    /// Requests a second of one peer.
    pub requests_per_second: u32,
    /// Requests of one peer at once.
    pub burst: u32,
    /// Bytes of request bodies held in memory by the whole process.
    pub buffered_bodies: usize,
    /// After SIGTERM: how long callers get to see that we are not ready.
    pub notice: Duration,
    /// After that: how long what runs may take.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            handshake: Duration::from_secs(3),
            handshakes: 256,
            head: Duration::from_secs(5),
            head_bytes: 16 * 1024,
            headers: 64,
            target_bytes: 2 * 1024,
            body: Duration::from_secs(10),
            body_pace: 1024,
            write: Duration::from_secs(30),
            keep_alive: Duration::from_secs(30),
            connection_age: Duration::from_secs(600),
            connection_requests: 1000,
            connections: 384,
            connections_per_peer: 64,
            concurrent: 64 * cores,
            queued: 256,
            requests_per_second: 500,
            burst: 1000,
            buffered_bodies: 8 * 1024 * 1024,
            notice: Duration::from_secs(5),
            drain: Duration::from_secs(25),
        }
    }
}

/// Limits of one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteLimits {
    /// Bytes of a request body; 0 refuses any body.
    pub body: usize,
    /// For the handler, without the reading of the body.
    pub handler: Duration,
}

impl RouteLimits {
    /// For a route that takes no body.
    pub const NO_BODY: Self = Self::body(0);

    /// A body of so many bytes, and 10 s for the handler.
    pub const fn body(bytes: usize) -> Self {
        Self { body: bytes, handler: Duration::from_secs(10) }
    }

    /// The same with another time for the handler.
    pub const fn within(self, handler: Duration) -> Self {
        Self { handler, ..self }
    }
}

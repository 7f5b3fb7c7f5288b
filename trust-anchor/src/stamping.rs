//! Who stamps a checkpoint: a trait, with our own authority as its first implementation.
//!
//! Guarantees: the time of our tokens never runs back, also across restarts; serial numbers are unique (64 random
//! bits and a counter). Deliberately absent: outside RFC 3161 services; they come as further implementations.

use std::sync::Mutex;

use protocol::seal::random;
use tlog::timestamp::{
    CertificateDer, Refusal, TimestampRequest, TimestampResponse, TokenSerial, Tsa, next_gen_time, verify_token,
};

/// One time-stamp authority.
pub(crate) trait Stamper: Send + Sync {
    /// Its name beside its tokens.
    fn name(&self) -> &str;

    /// Stamps these bytes.
    fn stamp(&self, message: &[u8], now_seconds: i64) -> Result<(TimestampResponse, i64), StampError>;
}

/// There is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StampError {
    /// The authority refused.
    #[error("the time-stamp authority refused: {0}")]
    Refused(#[from] Refusal),
    /// Our own token does not verify: keys or certificates are wrong, or the memory is.
    #[error(
        "a token of our own time-stamp authority does not verify; mend: check its certificates and this machine's memory"
    )]
    SelfCheck,
}

/// Our own authority.
pub(crate) struct OwnAuthority {
    tsa: Tsa,
    root: CertificateDer,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    last: Option<i64>,
    issued: u64,
}

impl OwnAuthority {
    /// `last` is the time of the newest token ever given.
    pub(crate) fn new(tsa: Tsa, root: CertificateDer, last: Option<i64>) -> Self {
        Self { tsa, root, state: Mutex::new(State { last, issued: 0 }) }
    }

    /// Answers a DER query of anybody. A refusal is sent as its own DER.
    pub(crate) fn answer(&self, query: &[u8], now_seconds: i64) -> Result<TimestampResponse, Refusal> {
        let request = TimestampRequest::parse(query)?;
        let (time, serial) = self.next(now_seconds)?;
        self.tsa.stamp(&request, time, &serial)
    }

    fn next(&self, now_seconds: i64) -> Result<(i64, TokenSerial), Refusal> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let time = next_gen_time(state.last, now_seconds)?;
        *state = State { last: Some(time), issued: state.issued.wrapping_add(1) };
        Ok((time, TokenSerial::new(random::bytes(), state.issued)))
    }
}

impl Stamper for OwnAuthority {
    fn name(&self) -> &str {
        "own"
    }

    fn stamp(&self, message: &[u8], now_seconds: i64) -> Result<(TimestampResponse, i64), StampError> {
        let request = TimestampRequest::for_message(message, None).map_err(|_| StampError::SelfCheck)?;
        let (time, serial) = self.next(now_seconds)?;
        let response = self.tsa.stamp(&request, time, &serial)?;
        let verified =
            verify_token(response.token_der(), message, &self.root, &[]).map_err(|_| StampError::SelfCheck)?;
        Ok((response, verified.gen_time_unix))
    }
}

//! A request body, read under the route's limit, a deadline, a pace, and a budget of the whole process.
//!
//! Guarantees: what is too large is refused from its announced length, or at the first byte past the limit; a slow
//! body is cut off; a thousand bodies at once cannot hold more memory than the budget.

use std::{
    future::Future,
    ops::Deref,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header,
    web::{self, Bytes, BytesMut},
};
use futures_util::StreamExt;
use schemas::problem::Code;
use serde::de::DeserializeOwned;

use super::{ConnectionState, ProblemResponse, RouteLimits, ServerContext};

/// Bytes of bodies in memory, over the whole process.
#[derive(Clone)]
pub(crate) struct BodyBudget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// A share of the budget, given back when dropped.
struct Reservation {
    budget: BodyBudget,
    bytes: usize,
}

impl BodyBudget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { used: Arc::default(), limit }
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }

    fn open(&self) -> Reservation {
        Reservation { budget: self.clone(), bytes: 0 }
    }
}

impl Reservation {
    fn grow(&mut self, bytes: usize) -> Result<(), ProblemResponse> {
        let before = self.budget.used.fetch_add(bytes, Ordering::AcqRel);
        self.bytes = self.bytes.saturating_add(bytes);
        if before.saturating_add(bytes) > self.budget.limit {
            return Err(ProblemResponse::new(Code::Overloaded).retry_after(1));
        }
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

/// The whole body of a request. Its memory counts against the process's budget until it is dropped.
pub struct Body {
    bytes: Bytes,
    media_type: String,
    _reservation: Reservation,
}

impl Body {
    /// Refuses a body whose `Content-Type` is another than this.
    pub fn require_media_type(&self, expected: &str) -> Result<&[u8], ProblemResponse> {
        if self.media_type.eq_ignore_ascii_case(expected) {
            Ok(&self.bytes)
        } else {
            Err(ProblemResponse::new(Code::MediaTypeUnsupported).detail(format!("send it as {expected}")))
        }
    }

    /// The body as `application/json`. The error names the place, never the content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProblemResponse> {
        let bytes = self.require_media_type("application/json")?;
        serde_json::from_slice(bytes).map_err(|error| {
            ProblemResponse::new(Code::RequestMalformed).detail(format!(
                "the JSON is not as expected at line {}, column {}",
                error.line(),
                error.column()
            ))
        })
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromRequest for Body {
    type Error = ProblemResponse;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ProblemResponse>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        let request = request.clone();
        Box::pin(async move {
            let internal = || ProblemResponse::new(Code::Internal);
            let context = request.app_data::<web::Data<ServerContext>>().ok_or_else(internal)?.clone();
            let limit = request.extensions().get::<RouteLimits>().ok_or_else(internal)?.body;
            let media_type = request.content_type().to_owned();
            let announced = announced_length(&request).unwrap_or(limit).min(limit);
            let (bytes, reservation) = read(payload, announced, limit, &context).await?;
            if let Some(connection) = request.conn_data::<Rc<ConnectionState>>() {
                connection.body_was_read();
            }
            // Only now does the request count as in work: a slow sender takes no place from others.
            let place = context.inner.admission.enter().await?;
            request.extensions_mut().insert(place);
            Ok(Self { bytes, media_type, _reservation: reservation })
        })
    }
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(
    mut payload: Payload,
    announced: usize,
    limit: usize,
    context: &ServerContext,
) -> Result<(Bytes, Reservation), ProblemResponse> {
    let (clock, limits) = (&context.inner.clock, &context.inner.limits);
    let start = clock.monotonic();
    let mut reservation = context.inner.budget.open();
    // Taken once: growing would leave half-used copies behind. Memory that is never written costs nothing.
    let mut bytes = BytesMut::with_capacity(announced);
    loop {
        let allowed = time_for(bytes.len(), limits.body, limits.body_pace);
        let left = allowed.saturating_sub(clock.monotonic().saturating_sub(start));
        let next = tokio::time::timeout(left, payload.next()).await;
        let chunk = match next.map_err(|_| ProblemResponse::new(Code::RequestTimeout))? {
            None => return Ok((bytes.freeze(), reservation)),
            Some(chunk) => {
                chunk.map_err(|_| ProblemResponse::new(Code::RequestMalformed).detail("the body broke off"))?
            }
        };
        if bytes.len().saturating_add(chunk.len()) > limit {
            return Err(ProblemResponse::new(Code::RequestTooLarge).detail(format!("at most {limit} bytes")));
        }
        reservation.grow(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
}

/// How long a body may have taken when so many bytes of it are there: a second to begin, then the slowest pace.
fn time_for(bytes: usize, total: Duration, pace: u64) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let ms = bytes.saturating_mul(1000).checked_div(pace).unwrap_or(u64::MAX);
    Duration::from_millis(ms).saturating_add(Duration::from_secs(1)).min(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_a_kilobyte_a_second_after_the_first_second() {
        let ten = Duration::from_secs(10);
        for (bytes, seconds) in [(0, 1), (1024, 2), (4096, 5), (9 * 1024, 10), (1024 * 1024, 10)] {
            assert_eq!(time_for(bytes, ten, 1024), Duration::from_secs(seconds), "{bytes}");
        }
    }

    #[test]
    fn the_budget_is_shared_and_given_back() {
        let budget = BodyBudget::new(100);
        let (mut one, mut two) = (budget.open(), budget.open());
        one.grow(60).unwrap();
        two.grow(40).unwrap();
        assert_eq!(two.grow(1).unwrap_err().code(), Code::Overloaded);
        drop(two);
        one.grow(40).unwrap();
        drop(one);
        assert_eq!(budget.used(), 0);
    }
}

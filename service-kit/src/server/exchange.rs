//! The outermost layer: what is true of every request and every answer.
//!
//! Gives the request its id, refuses what no route may see (encodings, oversized heads), turns every error into a
//! problem document, writes one log line and the metrics, and keeps the connection's books.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    pin::Pin,
    rc::Rc,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage, HttpResponse, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType,
        header::{self, HeaderValue},
    },
    middleware::Next,
    web::{self, Bytes},
};
use schemas::problem::Code;

use super::{ConnectionState, Limits, ProblemResponse, ServerContext, connection::Working};
use crate::access::{Allowed, RoutePattern};

/// Our id of a request: handlers find it in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) Rc<str>);

impl RequestId {
    /// A UUID of version 7 whose tail is this process's own number and a counter: unique, and no secret.
    fn next(now_ms: u64) -> Self {
        static INSTANCE: OnceLock<u32> = OnceLock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let instance = *INSTANCE.get_or_init(|| {
            let hash = RandomState::new().hash_one(std::process::id());
            u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(0)
        });
        let mut tail = [0; 10];
        tail[2..6].copy_from_slice(&instance.to_be_bytes());
        tail[6..].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        Self(uuid::Builder::from_unix_timestamp_millis(now_ms, &tail).into_uuid().to_string().into())
    }
}

pub(super) async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(context) = request.app_data::<web::Data<ServerContext>>().cloned() else {
        return Err(ProblemResponse::new(Code::Internal).into());
    };
    let shared = &context.inner;
    let start = shared.clock.monotonic();
    let id = RequestId::next(shared.clock.now_ms());
    request.extensions_mut().insert(id.clone());
    let connection = request.conn_data::<Rc<ConnectionState>>().cloned();
    let has_body = announces_body(&request);
    let place = connection.as_ref().map_or(Ok(None), |connection| connection.begin_request(has_body));
    let crowded = matches!(place, Err(Code::Overloaded));
    let method = request.method().clone();
    let client_id = sanitised_client_id(&request);
    // No clone of the request may be alive here: the router needs it for itself alone.
    let admitted = place.map_err(no_place).and_then(|place| refuse_early(&request, &shared.limits).map(|()| place));
    let (answered, place) = match admitted {
        Err(problem) => (request.into_response(problem.error_response()), None),
        Ok(place) => (next.call(request).await?.map_into_boxed_body(), place),
    };
    let (http, response) = answered.into_parts();
    let mut response = as_document(response, &context, &id);
    response.headers_mut().insert(REQUEST_ID, header_value(&id.0));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(allowed) = http.extensions().get::<Allowed>() {
        allowed.write(response.headers_mut());
    }
    let age_reached = connection.as_ref().is_some_and(|state| state.must_close(&shared.limits, start));
    let unread_body = connection.as_ref().is_some_and(|state| !state.is_body_read());
    if age_reached || unread_body || crowded {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }

    let pattern = http.extensions().get::<RoutePattern>().map_or("(no route)", |pattern| pattern.0);
    let took = shared.clock.monotonic().saturating_sub(start);
    note(&id, &client_id, method.as_str(), pattern, response.status().as_u16(), took);
    let response =
        response.map_body(|_, body| Tracked { body, connection, ended: Cell::new(false), _place: place }.boxed());
    Ok(ServiceResponse::new(http, response))
}

const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("invalid"))
}

fn announces_body(request: &ServiceRequest) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    request.headers().contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// A client's own id is kept apart from ours, and only its harmless characters.
fn sanitised_client_id(request: &ServiceRequest) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).take(64).collect()
}

/// There are more connections, or more requests of this peer in work, than may be.
fn no_place(why: Code) -> ProblemResponse {
    metrics::counter!("requests_without_place_total", "code" => why.as_str()).increment(1);
    ProblemResponse::new(why).retry_after(1)
}

fn refuse_early(request: &ServiceRequest, limits: &Limits) -> Result<(), ProblemResponse> {
    let headers = request.headers();
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(ProblemResponse::new(Code::MediaTypeUnsupported).detail("send the body without Content-Encoding"));
    }
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let bytes: usize =
        headers.iter().map(|(name, value)| name.as_str().len().saturating_add(value.len()).saturating_add(4)).sum();
    if headers.len() > limits.headers
        || target > limits.target_bytes
        || bytes.saturating_add(target) > limits.head_bytes
    {
        return Err(ProblemResponse::new(Code::RequestTooLarge).detail("the request's head is too large"));
    }
    Ok(())
}

/// Errors become problem documents: ours from their draft, the framework's from their status.
fn as_document(response: HttpResponse, context: &ServerContext, id: &RequestId) -> HttpResponse {
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let draft = response.extensions().get::<ProblemResponse>().cloned();
    let is_document = draft.is_none()
        && response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t != "text/plain; charset=utf-8")
        && response.body().size() != BodySize::Sized(0);
    if is_document {
        // A handler's own document, such as an OAuth error (RFC 6749 §5.2) or a witness's answer.
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let problem = draft.unwrap_or_else(|| ProblemResponse::of_status(response.status()));
    let mut document = problem.document(&context.inner.entity, &id.0);
    if let Some(allow) = allow {
        document.headers_mut().insert(header::ALLOW, allow);
    }
    document
}

fn note(id: &RequestId, client_id: &str, method: &str, route: &'static str, status: u16, took: Duration) {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = %id.0, client_id, method, route, status, ms, "answered");
    metrics::counter!("http_requests_total", "route" => route, "status" => status.to_string()).increment(1);
    metrics::histogram!("http_request_seconds", "route" => route).record(took.as_secs_f64());
}

/// The answer's body; its end is the end of the request for the connection's books.
struct Tracked {
    body: BoxBody,
    connection: Option<Rc<ConnectionState>>,
    ended: Cell<bool>,
    /// In work until all of the answer is on its way.
    _place: Option<Working>,
}

impl MessageBody for Tracked {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        if let (Some(connection), false) = (&self.connection, self.ended.replace(true)) {
            connection.end_request();
        }
    }
}

//! Pages of one other origin may read what some routes answer (the CORS protocol, Fetch standard §3.2).
//!
//! Guarantees: exactly one origin, asked for anew at each request; never credentials; every answer of a shared route, errors
//! and preflights included, says that it varies by origin; other origins hear what they heard before. Deliberately absent:
//! `*`, lists, and patterns.

use std::rc::Rc;

use actix_web::{
    HttpMessage, HttpResponse,
    dev::ServiceRequest,
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};

/// Headers that a page may send beside those that it may always send.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, dpop");
/// Headers that a page may read beside those that it may always read.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static("retry-after, www-authenticate, x-request-id");
/// How long a browser may remember a preflight, seconds: about as long as a directory.
const REMEMBERED: HeaderValue = HeaderValue::from_static("60");
const VARY: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

/// The origin, such as `https://wallet.example:8443`, or none now.
type Origin = Rc<dyn Fn() -> Option<String>>;

/// Which routes of a listener are shared with which origin.
#[derive(Clone)]
pub(super) struct CrossOrigin {
    pub(super) prefixes: &'static [&'static str],
    pub(super) origin: Origin,
}

/// What the answer to a request on a shared route says of origins; the outermost layer writes it.
#[derive(Clone, Debug)]
pub(crate) struct Allowed(Option<HeaderValue>);

impl CrossOrigin {
    /// Whether a route of this pattern is shared.
    pub(super) fn covers(&self, pattern: &str) -> bool {
        self.prefixes.iter().any(|prefix| pattern.starts_with(prefix))
    }

    /// Notes on the request whether its page may read the answer.
    pub(super) fn note(&self, request: &ServiceRequest) -> Allowed {
        let mut given = request.headers().get_all(header::ORIGIN);
        let one = match (given.next(), given.next()) {
            (Some(origin), None) => Some(origin),
            _ => None,
        };
        // A browser sends an origin in its one spelling, so bytes are compared.
        let same = one.filter(|given| (self.origin)().is_some_and(|origin| given.as_bytes() == origin.as_bytes()));
        let allowed = Allowed(same.cloned());
        request.extensions_mut().insert(allowed.clone());
        allowed
    }
}

impl Allowed {
    /// Whether this is the preflight of a page that may call, for one of these methods.
    pub(super) fn is_preflight(&self, request: &ServiceRequest, methods: &[&Method]) -> bool {
        let wanted = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD);
        self.0.is_some()
            && *request.method() == Method::OPTIONS
            && wanted.is_some_and(|wanted| methods.iter().any(|method| wanted.as_bytes() == method.as_str().as_bytes()))
    }

    /// Writes what is allowed into an answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = &self.0 {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
            headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        }
    }
}

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The answer to a preflight.
pub(super) fn preflight(methods: &[&Method]) -> HttpResponse {
    let methods: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods.join(", ")))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED))
        .insert_header((header::VARY, VARY))
        .finish()
}

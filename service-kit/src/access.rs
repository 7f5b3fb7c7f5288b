//! The one place where routes are registered; each says who may call it.
//!
//! Guarantees: a route without a [`Caller`] cannot be registered; who calls is decided before the body is read; a
//! peer's or system's certificate is compared again on every request, so that a replaced set is in force at once;
//! unknown methods and paths are problem documents. [`undeclared_routes`] finds sources that go round it.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, rc::Rc, sync::Arc, time::Duration};

use actix_web::{
    FromRequest, Handler, HttpMessage, HttpRequest, HttpResponse, Responder, ResponseError, Route,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use futures_util::FutureExt;
use schemas::problem::Code;

use crate::server::{ConnectionState, PeerKey, ProblemResponse, RequestId, RouteLimits, ServerContext};

mod caller;
mod cookie;
mod cross_origin;
mod scan;
mod user;

pub use caller::{Caller, Peer, System, SystemPrincipal};
pub use cookie::{FormToken, SameSite, SessionToken, cookie, set_cookie};
pub use scan::undeclared_routes;
pub use user::{Found, Noted, PublicForm, Sessions, Submitted, User};

pub(crate) use cross_origin::Allowed;

use caller::Admitted;
use cross_origin::CrossOrigin;

/// What is known of one route: enough for a test to judge a whole listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteDeclaration {
    /// Which listener it stands on.
    pub listener: &'static str,
    /// The method.
    pub method: Method,
    /// The path pattern.
    pub path: &'static str,
    /// Who may call it.
    pub caller: Caller,
    /// Its limits.
    pub limits: RouteLimits,
}

/// The pattern of the route that was taken, for logs and metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoutePattern(pub(crate) &'static str);

type Setting = Box<dyn FnOnce(&mut ServiceConfig)>;

/// Makes a page for people of a problem, where the request wants one; gets our id of the request too.
pub type ProblemPage = fn(&HttpRequest, &ProblemResponse, &str) -> Option<HttpResponse>;

/// The routes of one listener.
pub struct Routes {
    listener: &'static str,
    routes: Vec<(RouteDeclaration, Route)>,
    admitted: Admitted,
    settings: Vec<Setting>,
    cross_origin: Option<CrossOrigin>,
    problem_page: Option<ProblemPage>,
}

impl Routes {
    /// None yet, for the listener of this name.
    pub fn new(listener: &'static str) -> Self {
        Self {
            listener,
            routes: Vec::new(),
            admitted: Admitted::default(),
            settings: Vec::new(),
            cross_origin: None,
            problem_page: None,
        }
    }

    /// Registers a handler, and who may call it.
    #[must_use]
    #[allow(clippy::disallowed_methods)]
    pub fn route<F, Args>(
        mut self,
        method: Method,
        path: &'static str,
        caller: Caller,
        limits: RouteLimits,
        handler: F,
    ) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let declaration = RouteDeclaration { listener: self.listener, method: method.clone(), path, caller, limits };
        self.routes.push((declaration, web::method(method).to(handler)));
        self
    }

    /// State that handlers take as `web::Data<T>`.
    #[must_use]
    pub fn data<T: 'static>(mut self, data: web::Data<T>) -> Self {
        self.settings.push(Box::new(move |config| {
            config.app_data(data);
        }));
        self
    }

    /// Pages of this one origin (such as `https://wallet.example`; none now if `None`) may call the routes whose patterns
    /// begin so, without credentials. It is asked at each request.
    #[must_use]
    pub fn cross_origin(
        mut self,
        prefixes: &'static [&'static str],
        origin: impl Fn() -> Option<String> + 'static,
    ) -> Self {
        self.cross_origin = Some(CrossOrigin { prefixes, origin: Rc::new(origin) });
        self
    }

    /// Who counts as [`Caller::Peer`] here; handlers take [`Peer<T>`].
    #[must_use]
    pub fn peers<T: Clone + Send + Sync + 'static>(mut self, peers: crate::tls::PinnedSet<T>) -> Self {
        self.admitted.peers = Some(Rc::new(peers.clone()));
        self.data(web::Data::new(peers))
    }

    /// Who counts as [`Caller::System`] and [`Caller::Operator`] here; handlers take [`System`].
    #[must_use]
    pub fn systems(mut self, systems: crate::tls::PinnedSet<SystemPrincipal>) -> Self {
        self.admitted.systems = Some(systems.clone());
        self.data(web::Data::new(systems))
    }

    /// Who counts as [`Caller::User`] here; handlers take [`User`] or [`Submitted`].
    #[must_use]
    pub fn sessions(mut self, sessions: Arc<dyn Sessions>) -> Self {
        self.admitted.sessions = Some(sessions);
        self
    }

    /// How problems look to people; where it makes no page, the answer is a problem document.
    #[must_use]
    pub fn problem_page(mut self, page: ProblemPage) -> Self {
        self.problem_page = Some(page);
        self
    }

    /// What has been declared, for tests and documents.
    pub fn declarations(&self) -> Vec<RouteDeclaration> {
        self.routes.iter().map(|(declaration, _)| declaration.clone()).collect()
    }

    #[allow(clippy::disallowed_methods)]
    pub(crate) fn register(self, config: &mut ServiceConfig) {
        for setting in self.settings {
            setting(config);
        }
        let admitted = Rc::new(self.admitted);
        let mut by_path: BTreeMap<&'static str, Vec<(RouteDeclaration, Route)>> = BTreeMap::new();
        // Patterns are matched in the order of registration; that order is kept.
        let mut order = Vec::new();
        for (declaration, route) in self.routes {
            let path = declaration.path;
            let same_path = by_path.entry(path).or_insert_with(|| {
                order.push(path);
                Vec::new()
            });
            same_path.push((declaration, route));
        }
        for path in order {
            let (declarations, routes): (Vec<_>, Vec<_>) = by_path.remove(path).unwrap_or_default().into_iter().unzip();
            let cross_origin = self.cross_origin.clone().filter(|shared| shared.covers(path));
            let (admitted, problem_page) = (Rc::clone(&admitted), self.problem_page);
            let gate = Rc::new(Gate { path, declarations, admitted, cross_origin, problem_page });
            let resource = routes.into_iter().fold(web::resource(path), |resource, route| resource.route(route));
            config.service(resource.wrap(from_fn(move |request, next| pass(Rc::clone(&gate), request, next))));
        }
    }
}

/// What stands before the routes of one path.
struct Gate {
    path: &'static str,
    declarations: Vec<RouteDeclaration>,
    admitted: Rc<Admitted>,
    cross_origin: Option<CrossOrigin>,
    problem_page: Option<ProblemPage>,
}

/// Lets a request through to its handler, or answers in its place; a problem becomes a page where one is wanted.
async fn pass(
    gate: Rc<Gate>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let this = Rc::clone(&gate);
    let answered = answer(gate, request, next).await?;
    let problem = answered.response().extensions().get::<ProblemResponse>().cloned();
    let Some(problem) = problem else { return Ok(answered) };
    let http = answered.request();
    let noted = this.admitted.note_refusal(http, this.path, &problem).await;
    let (problem, failed) = noted.map_or_else(|failure| (failure, true), |()| (problem, false));
    let id = http.extensions().get::<RequestId>().cloned();
    let page = this.problem_page.and_then(|page| page(http, &problem, id.as_ref().map_or("", |id| &id.0)));
    Ok(match page {
        Some(page) => answered.into_response(page),
        None if failed => answered.into_response(problem.error_response()),
        None => answered,
    })
}

/// Lets a request through to its handler, or answers in its place. Panics cost this one answer.
async fn answer(
    gate: Rc<Gate>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    request.extensions_mut().insert(RoutePattern(gate.path));
    if let Some(answer) = gate.preflight(&request) {
        return Ok(request.into_response(answer));
    }
    let Some(declaration) = gate.declarations.iter().find(|d| d.method == *request.method()) else {
        return Ok(gate.wrong_method(request));
    };
    let time = match gate.enter(declaration, &request).await {
        Ok(time) => time,
        Err(problem) => return Ok(request.into_response(problem.error_response())),
    };
    let http = request.request().clone();
    let work = AssertUnwindSafe(tokio::time::timeout(time, next.call(request))).catch_unwind();
    let problem = match work.await {
        Ok(Ok(Ok(answered))) => return Ok(answered.map_into_boxed_body()),
        Ok(Ok(Err(error))) => return Ok(ServiceResponse::new(http, error.error_response())),
        Ok(Err(_)) => ProblemResponse::new(Code::Overloaded).detail("the answer took too long").retry_after(1),
        Err(_) => {
            tracing::error!(route = gate.path, "a handler panicked");
            ProblemResponse::new(Code::Internal)
        }
    };
    Ok(ServiceResponse::new(http, problem.error_response()))
}

impl Gate {
    /// Everything that is decided before the body is read. Returns the time that the request has in all.
    async fn enter(&self, route: &RouteDeclaration, request: &ServiceRequest) -> Result<Duration, ProblemResponse> {
        let context = request.app_data::<web::Data<ServerContext>>().ok_or(ProblemResponse::new(Code::Internal))?;
        let shared = &context.inner;
        self.admitted.admit(&route.caller, request.request())?;
        refuse_large(request, route.limits)?;
        if route.caller != Caller::Probe {
            shared.rates.take(&peer_key(request.request()))?;
            // A request with a body enters when the body is there; see `Body`.
            if route.limits.body == 0 {
                let place = shared.admission.enter().await?;
                request.extensions_mut().insert(place);
            }
        }
        self.admitted.admit_person(&route.caller, request.request()).await?;
        request.extensions_mut().insert(route.limits);
        let body_time = if route.limits.body == 0 { Duration::ZERO } else { shared.limits.body };
        Ok(route.limits.handler.saturating_add(body_time))
    }

    /// The answer to a browser that asks whether its page may call, on a route that is shared with that page.
    fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let allowed = self.cross_origin.as_ref()?.note(request);
        let methods: Vec<&Method> = self.declarations.iter().map(|declaration| &declaration.method).collect();
        if !allowed.is_preflight(request, &methods) {
            return None;
        }
        let context = request.app_data::<web::Data<ServerContext>>()?;
        let taken = context.inner.rates.take(&peer_key(request.request()));
        Some(taken.map_or_else(|problem| problem.error_response(), |()| cross_origin::preflight(&methods)))
    }

    fn wrong_method(&self, request: ServiceRequest) -> ServiceResponse<BoxBody> {
        let methods: Vec<&str> = self.declarations.iter().map(|d| d.method.as_str()).collect();
        let mut response = ProblemResponse::new(Code::MethodNotAllowed).error_response();
        if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        request.into_response(response)
    }
}

fn refuse_large(request: &ServiceRequest, limits: RouteLimits) -> Result<(), ProblemResponse> {
    let headers = request.headers();
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok()).unwrap_or(0);
    let chunked = headers.contains_key(header::TRANSFER_ENCODING);
    if announced > u64::try_from(limits.body).unwrap_or(u64::MAX) || (chunked && limits.body == 0) {
        return Err(ProblemResponse::new(Code::RequestTooLarge).detail(format!("at most {} bytes", limits.body)));
    }
    Ok(())
}

fn peer_key(request: &HttpRequest) -> PeerKey {
    let state = request.conn_data::<Rc<ConnectionState>>();
    state.map_or(PeerKey::Address(std::net::Ipv4Addr::UNSPECIFIED.into()), |state| state.peer())
}

#[cfg(test)]
mod tests;

//! Who may call a route, and how a request shows that it is such a one.

use std::{collections::BTreeSet, rc::Rc, sync::Arc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use schemas::problem::Code;
use std::future::{Ready, ready};

use super::{
    cookie::SessionToken,
    user::{Sessions, SignedIn, authorize_origin, changes},
};
use crate::{
    server::{ConnectionState, ProblemResponse},
    tls::{CertificateCheck, PeerCertificate, PinnedSet},
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// An orchestrator or a metrics collector, on the management listener (loopback).
    Probe,
    /// Anybody: the answer is public, or is bound to a secret in the request that its text names.
    Public,
    /// Whoever signed the message in the body; the handler verifies it. The text says who that is, such as `citizen`.
    Signer(&'static str),
    /// A client certificate that the listener's set of peers holds.
    Peer,
    /// A client certificate of a named system that holds this purpose.
    System(&'static str),
    /// A client certificate of a person's workplace or tool that holds this role.
    Operator(&'static str),
    /// A person who signed in and holds one of these roles, separated by spaces; empty: whoever signed in. A handler that
    /// changes something takes [`Submitted`](super::Submitted), or [`User`](super::User) with the form token in a header.
    User(&'static str),
}

/// A named system, or an operator's tool, with what it may do here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPrincipal {
    /// Its name in the configuration; it goes into audit rows.
    pub name: String,
    /// Purposes (for [`Caller::System`]) and roles (for [`Caller::Operator`]).
    pub purposes: BTreeSet<String>,
}

/// The sets of a listener.
#[derive(Default)]
pub(super) struct Admitted {
    pub(super) peers: Option<Rc<dyn CertificateCheck>>,
    pub(super) systems: Option<PinnedSet<SystemPrincipal>>,
    pub(super) sessions: Option<Arc<dyn Sessions>>,
}

impl Admitted {
    /// Lets the request pass, or says why not. A listener without a set lets nobody pass as a member of it.
    pub(super) fn admit(&self, caller: &Caller, request: &HttpRequest) -> Result<(), ProblemResponse> {
        match caller {
            Caller::Probe | Caller::Public | Caller::Signer(_) | Caller::User(_) => Ok(()),
            Caller::Peer => {
                let known = certificate(request).zip(self.peers.as_ref()).is_some_and(|(c, peers)| peers.admits(&c));
                if known { Ok(()) } else { Err(Code::PeerUnknown.into()) }
            }
            Caller::System(purpose) | Caller::Operator(purpose) => {
                let found = certificate(request).zip(self.systems.as_ref()).and_then(|(c, systems)| systems.find(&c));
                match found {
                    None => Err(Code::NotAuthenticated.into()),
                    Some(system) if system.purposes.contains(*purpose) => Ok(()),
                    Some(_) => Err(Code::AccessDenied.into()),
                }
            }
        }
    }

    /// Lets a signed-in person pass, or says why not. Asks the database, so it comes after the limits of the peer.
    pub(super) async fn admit_person(&self, caller: &Caller, request: &HttpRequest) -> Result<(), ProblemResponse> {
        let Caller::User(roles) = caller else { return Ok(()) };
        let unknown = || ProblemResponse::new(Code::NotAuthenticated);
        let token = SessionToken::of(request).ok_or_else(unknown)?;
        let sessions = self.sessions.as_ref().ok_or_else(unknown)?;
        let user = sessions.find(&token).await?.ok_or_else(unknown)?;
        let holds = user.holds(roles);
        request.extensions_mut().insert(SignedIn { user, form: token.form_token() });
        if !holds {
            return Err(Code::AccessDenied.into());
        }
        if changes(request.method()) { authorize_origin(request) } else { Ok(()) }
    }

    /// Has it written down that a signed-in person was refused; if that fails, the answer is the failure.
    pub(super) async fn note_refusal(
        &self,
        request: &HttpRequest,
        route: &'static str,
        problem: &ProblemResponse,
    ) -> Result<(), ProblemResponse> {
        let refusal = matches!(problem.code(), Code::AccessDenied | Code::FormForeign);
        let person = request.extensions().get::<SignedIn>().cloned();
        match (&self.sessions, person) {
            (Some(sessions), Some(person)) if refusal => sessions.refused(&person.user, route, problem.code()).await,
            _ => Ok(()),
        }
    }
}

fn certificate(request: &HttpRequest) -> Option<PeerCertificate> {
    request.conn_data::<Rc<ConnectionState>>()?.certificate().cloned()
}

/// What the calling peer's certificate stands for, looked up for this very request.
#[derive(Clone, Debug)]
pub struct Peer<T>(pub T);

impl<T: Clone + 'static> FromRequest for Peer<T> {
    type Error = ProblemResponse;
    type Future = Ready<Result<Self, ProblemResponse>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let set = request.app_data::<web::Data<PinnedSet<T>>>();
        let found = certificate(request).zip(set).and_then(|(certificate, set)| set.find(&certificate));
        ready(found.map(Self).ok_or(ProblemResponse::new(Code::PeerUnknown)))
    }
}

/// The calling system, looked up for this very request.
#[derive(Clone, Debug)]
pub struct System(pub SystemPrincipal);

impl FromRequest for System {
    type Error = ProblemResponse;
    type Future = Ready<Result<Self, ProblemResponse>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let set = request.app_data::<web::Data<PinnedSet<SystemPrincipal>>>();
        let found = certificate(request).zip(set).and_then(|(certificate, set)| set.find(&certificate));
        ready(found.map(Self).ok_or(ProblemResponse::new(Code::NotAuthenticated)))
    }
}

impl FromRequest for PeerCertificate {
    type Error = ProblemResponse;
    type Future = Ready<Result<Self, ProblemResponse>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(certificate(request).ok_or(ProblemResponse::new(Code::NotAuthenticated)))
    }
}

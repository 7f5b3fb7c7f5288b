//! People: who signed in, by the session of this very request, and whether a form came from a page of that session.
//!
//! Guarantees: a session is looked up for each request, so that an ended one and a disabled account are out at once; a request
//! that changes something must come from a page of this origin (`Sec-Fetch-Site`, `Origin`) and carry that session's form
//! token. Deliberately absent: how people prove who they are, and what their roles mean.

use std::{
    collections::BTreeSet,
    future::{Future, Ready, ready},
    pin::Pin,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
    web,
};
use schemas::{id::SystemName, problem::Code};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::cookie::{FormToken, SessionToken};
use crate::server::{Body, ProblemResponse};

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// A person who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account; it goes into audit rows.
    pub name: SystemName,
    /// A pseudonym of the person behind it: two accounts of one person have the same.
    pub person: SystemName,
    /// How pages address the person.
    pub display: String,
    /// What the account may do.
    pub roles: BTreeSet<String>,
    /// Names the session without opening it.
    pub session: SystemName,
}

impl User {
    /// Whether it holds one of these roles, separated by spaces; the empty text asks for none.
    pub fn holds(&self, roles: &str) -> bool {
        roles.is_empty() || roles.split(' ').any(|role| self.roles.contains(role))
    }
}

/// Looks sessions up.
pub trait Sessions: Send + Sync + 'static {
    /// Whose session this is, now; `None` if there is no such session, or it has ended, or its account may not sign in.
    fn find<'a>(&'a self, token: &'a SessionToken) -> Found<'a>;

    /// Writes down that a signed-in person was refused at a route, for the role or for a form of elsewhere.
    fn refused<'a>(&'a self, user: &'a User, route: &'static str, code: Code) -> Noted<'a>;
}

/// What [`Sessions::refused`] returns.
pub type Noted<'a> = Pin<Box<dyn Future<Output = Result<(), ProblemResponse>> + Send + 'a>>;

/// What [`Sessions::find`] returns.
pub type Found<'a> = Pin<Box<dyn Future<Output = Result<Option<User>, ProblemResponse>> + Send + 'a>>;

/// A request's person and the token that its forms must carry.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub(super) user: User,
    pub(super) form: FormToken,
}

/// Whether a request may change something.
pub(super) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses a request that the browser says, or fails to deny, came from another site.
pub(super) fn authorize_origin(request: &HttpRequest) -> Result<(), ProblemResponse> {
    let text = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let fetch_site = text(header::HeaderName::from_static("sec-fetch-site"));
    let host = text(header::HOST).unwrap_or_default();
    let own = |origin: &str| origin.strip_prefix("https://").is_some_and(|authority| authority == host);
    let same = match (fetch_site, text(header::ORIGIN)) {
        (Some(site), Some(origin)) => site == "same-origin" && own(origin),
        (Some(site), None) => site == "same-origin",
        (None, Some(origin)) => own(origin),
        (None, None) => false,
    };
    if same { Ok(()) } else { Err(Code::FormForeign.into()) }
}

fn signed_in(request: &HttpRequest) -> Result<SignedIn, ProblemResponse> {
    request.extensions().get::<SignedIn>().cloned().ok_or(ProblemResponse::new(Code::NotAuthenticated))
}

/// The person of a request that only reads, or whose script sent the form token as a header.
impl FromRequest for User {
    type Error = ProblemResponse;
    type Future = Ready<Result<Self, ProblemResponse>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).and_then(|found| {
            let sent = request.headers().get(FormToken::HEADER).and_then(|value| value.to_str().ok());
            let fits = !changes(request.method()) || sent.is_some_and(|text| found.form.is(text));
            if fits { Ok(found.user) } else { Err(Code::FormForeign.into()) }
        }))
    }
}

/// What a page of this session puts into its forms.
impl FromRequest for FormToken {
    type Error = ProblemResponse;
    type Future = Ready<Result<Self, ProblemResponse>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).map(|found| found.form))
    }
}

/// A form that a signed-in person sent from one of our pages.
pub struct Submitted<T> {
    /// Who.
    pub user: User,
    /// The form's token again, for the page that answers.
    pub token: FormToken,
    /// What.
    pub form: T,
}

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, ProblemResponse>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for Submitted<T> {
    type Error = ProblemResponse;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let person = signed_in(request);
        let body = Body::from_request(request, payload);
        Box::pin(async move {
            let (SignedIn { user, form: token }, body) = (person?, body.await?);
            let bytes = body.require_media_type(FORM)?;
            let is_token = |(key, value): &(_, std::borrow::Cow<'_, str>)| *key == FormToken::FIELD && token.is(value);
            if !form_urlencoded::parse(bytes).any(|pair| is_token(&pair)) {
                return Err(Code::FormForeign.into());
            }
            Ok(Self { form: fields(bytes)?, user, token })
        })
    }
}

/// A form that somebody sent from one of our pages without being signed in.
pub struct PublicForm<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for PublicForm<T> {
    type Error = ProblemResponse;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let origin = authorize_origin(request);
        let body = Body::from_request(request, payload);
        Box::pin(async move {
            origin?;
            Ok(Self(fields(body.await?.require_media_type(FORM)?)?))
        })
    }
}

/// The fields of a form without its token; a field that comes twice is refused unless `T` is a list of pairs.
fn fields<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProblemResponse> {
    let mut rest = form_urlencoded::Serializer::new(String::new());
    rest.extend_pairs(form_urlencoded::parse(bytes).filter(|(key, _)| key != FormToken::FIELD));
    let read = web::Query::<T>::from_query(&rest.finish());
    read.map(web::Query::into_inner)
        .map_err(|_| ProblemResponse::new(Code::RequestMalformed).detail("the form lacks a field, or has one too many"))
}

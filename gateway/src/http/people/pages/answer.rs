//! From a view to an answer: the headers of every page, and the pages of problems.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError,
    dev::Payload,
    http::{Method, StatusCode, header},
    web,
};
use askama::Template;
use schemas::problem::Code;
use service_kit::{
    access::{FormToken, SameSite, User, set_cookie},
    server::{ProblemResponse, Reply},
    words::{LANGUAGE_COOKIE, Locale},
};
use url::form_urlencoded;

use crate::{
    app::App,
    console::{Page, Visit, views},
    people::PeopleError,
};

/// What a page may load and do: everything from here, nothing inline, nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
const PERMISSIONS: &str =
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), bluetooth=(), serial=(), hid=()";
/// How long a choice of language is kept, seconds.
const YEAR: u32 = 365 * 86_400;

/// A browser's request, as pages need it.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) app: web::Data<App>,
    visit: Visit,
    chosen: Option<Locale>,
}

impl View {
    fn of(request: &HttpRequest) -> Option<Self> {
        let user = User::extract(request).into_inner().ok();
        let token = FormToken::extract(request).into_inner().ok();
        Some(Self {
            app: request.app_data::<web::Data<App>>()?.clone(),
            chosen: Locale::chosen(request),
            visit: Visit {
                locale: Locale::of(request),
                path: request.path().to_owned(),
                query: rest(request),
                can_be_opened: *request.method() == Method::GET,
                user: user.zip(token),
            },
        })
    }

    /// The same, once a form has shown whose it is.
    pub(crate) fn of_person(mut self, user: User, token: FormToken) -> Self {
        self.visit.user = Some((user, token));
        self
    }

    /// The page of this name.
    pub(crate) fn page(&self, screen: &'static str) -> Page {
        Page::new(&self.app, self.visit.clone(), screen)
    }

    pub(crate) fn locale(&self) -> Locale {
        self.visit.locale
    }
}

/// The query without the choice of language, ready for one more pair.
fn rest(request: &HttpRequest) -> String {
    let pairs = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(key, _)| key != "lang");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let query = query.finish();
    if query.is_empty() { query } else { query + "&" }
}

impl FromRequest for View {
    type Error = ProblemResponse;
    type Future = Ready<Result<Self, ProblemResponse>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or(ProblemResponse::new(Code::Internal)))
    }
}

/// The headers of every page.
fn head(view: &View, status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    let public = view.visit.user.is_none() && status == StatusCode::OK && view.visit.can_be_opened;
    answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("permissions-policy", PERMISSIONS))
        // Not `no-referrer`: with it browsers send forms with `Origin: null`.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .insert_header((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
        .insert_header((header::CONTENT_LANGUAGE, view.visit.locale.language.tag()))
        .insert_header((header::VARY, "Cookie, Accept-Language"))
        .insert_header((header::CACHE_CONTROL, if public { "no-cache" } else { "no-store" }));
    if let Some(locale) = view.chosen {
        let line = set_cookie(LANGUAGE_COOKIE, &locale.to_string(), SameSite::Lax, Some(YEAR));
        answer.append_header((header::SET_COOKIE, line));
    }
    answer
}

/// A page.
pub(super) fn show(view: &View, status: StatusCode, template: &impl Template) -> Reply {
    let body = template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be made");
        ProblemResponse::new(Code::Internal)
    })?;
    Ok(head(view, status).body(body))
}

/// The way to another page, after a form was taken.
pub(super) fn see(address: &str, cookie: Option<String>) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, address)).insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(line) = cookie {
        answer.append_header((header::SET_COOKIE, line));
    }
    answer.finish()
}

/// Why officers' accounts did not do what was asked.
pub(super) fn refused(error: PeopleError) -> ProblemResponse {
    match error {
        PeopleError::Refused(code, why) => ProblemResponse::new(code).detail(why),
        failed => {
            tracing::error!(error = %failed, "an action on accounts failed");
            ProblemResponse::new(Code::Internal)
        }
    }
}

/// The page of a problem, for a request that wants one: a browser's. Who is not signed in is sent to where one signs in.
pub(crate) fn problem_page(request: &HttpRequest, problem: &ProblemResponse, id: &str) -> Option<HttpResponse> {
    let accepts = request.headers().get(header::ACCEPT)?.to_str().ok()?;
    if !accepts.contains("text/html") {
        return None;
    }
    if problem.code() == Code::NotAuthenticated && *request.method() == Method::GET {
        return Some(see("/sign-in", None));
    }
    let view = View::of(request)?;
    let page = view.page("problem");
    let title = page.say(&format!("code-{}", problem.code()));
    let explanation = problem.explanation().unwrap_or_default().to_owned();
    let help = views::ProblemHelp {
        page: page.titled(title),
        code: problem.code(),
        request: Some((explanation, id.to_owned())),
    };
    let mut answer = show(&view, problem.status_code(), &help).ok()?;
    if let Some(seconds) = problem.seconds_to_retry() {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Some(answer)
}

//! Cookies, read and written by hand: the server has no cookie jar, and every cookie here has the same strict form.
//!
//! Guarantees: names begin with `__Host-`, so that no sibling host and no plain connection can set them (RFC 6265bis §4.1.3.2);
//! a name that comes twice is no cookie; what is kept of a session's token is its digest. Deliberately absent: lasting cookies with
//! a secret in them, and domains.

use actix_web::{HttpRequest, http::header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemas::digest::Digest;
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

/// The value of a cookie that came exactly once.
pub fn cookie(request: &HttpRequest, name: &str) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let mut found = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    });
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// When a browser sends a cookie along with a request that another site caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the person follows a link or is sent back here, with GET alone.
    Lax,
}

/// A `Set-Cookie` line that scripts cannot read; it lasts as long as the browser runs, or for `seconds`.
pub fn set_cookie(name: &str, value: &str, same_site: SameSite, seconds: Option<u32>) -> String {
    let site = match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
    };
    let life = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={site}{life}")
}

/// What the browser of a signed-in person shows: 256 random bits.
#[derive(Clone)]
pub struct SessionToken(Secret<String>);

impl SessionToken {
    /// The cookie's name.
    pub const COOKIE: &str = "__Host-session";

    /// Takes a token, if it has the form of one: 43 characters of base64url.
    pub fn new(text: String) -> Option<Self> {
        let formed = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        formed.then(|| Self(Secret::new(text)))
    }

    /// The token that came with a request.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        Self::new(cookie(request, Self::COOKIE)?)
    }

    /// What is kept of it; a copied database opens no session.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.expose())
    }

    /// What forms of this session carry.
    pub(super) fn form_token(&self) -> FormToken {
        let hash = Sha256::new().chain_update(b"form\0").chain_update(self.0.expose()).finalize();
        FormToken(URL_SAFE_NO_PAD.encode(hash))
    }

    /// The `Set-Cookie` line that gives it to the browser.
    pub fn set_cookie(&self) -> String {
        set_cookie(Self::COOKIE, self.0.expose(), SameSite::Strict, None)
    }

    /// The `Set-Cookie` line that takes it away.
    pub fn clear_cookie() -> String {
        set_cookie(Self::COOKIE, "", SameSite::Strict, Some(0))
    }
}

/// A value that only pages of one session hold; it proves that a form was sent from such a page.
#[derive(Clone, PartialEq, Eq)]
pub struct FormToken(String);

impl FormToken {
    /// The form's hidden field.
    pub const FIELD: &str = "form_token";
    /// The header of a script's request.
    pub const HEADER: &str = "x-form-token";

    /// For a page of this session.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this one; takes the same time for every text of its length.
    pub fn is(&self, text: &str) -> bool {
        text.len() == self.0.len() && openssl::memcmp::eq(text.as_bytes(), self.0.as_bytes())
    }
}

impl std::fmt::Debug for FormToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[form token]")
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[session token]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_cookie_counts_if_it_came_once() {
        let once = TestRequest::default().insert_header(("cookie", "a=1; __Host-session=x; b=2")).to_http_request();
        assert_eq!(cookie(&once, "__Host-session").as_deref(), Some("x"));
        assert_eq!(cookie(&once, "session"), None);
        let twice = TestRequest::default().insert_header(("cookie", "a=1; a=2")).to_http_request();
        assert_eq!(cookie(&twice, "a"), None);
    }

    #[test]
    fn a_session_cookie_cannot_be_read_by_scripts_sent_in_the_clear_or_by_other_sites() {
        let token = SessionToken::new("t".repeat(43)).unwrap();
        let line = token.set_cookie();
        for part in ["__Host-session=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("Domain") && !line.contains("Max-Age"), "{line}");
        assert!(SessionToken::clear_cookie().ends_with("Max-Age=0"));
        assert_eq!(format!("{token:?} {:?}", token.form_token()), "[session token] [form token]");
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        for text in ["", "short", &"!".repeat(43), &"t".repeat(44)] {
            assert!(SessionToken::new(text.to_owned()).is_none(), "{text}");
        }
    }

    #[test]
    fn a_form_token_belongs_to_one_session_and_is_not_its_digest() {
        let (one, other) = (SessionToken::new("a".repeat(43)).unwrap(), SessionToken::new("b".repeat(43)).unwrap());
        assert!(one.form_token().is(one.form_token().as_str()));
        assert!(!one.form_token().is(other.form_token().as_str()));
        assert!(!one.form_token().is(""));
        assert!(!one.digest().to_string().contains(one.form_token().as_str()));
    }
}

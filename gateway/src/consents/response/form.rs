//! The form of a response (OpenID4VP 1.0 §8.3.1): sealed, or a refusal in clear.

use protocol::{consent::Refusal, seal::decode_base64url};
use schemas::{
    id::{CompactJwe, KeyId, MessageId},
    problem::Code,
};
use serde::Deserialize;
use url::form_urlencoded;

/// What the wallet sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A response, sealed to the request's key.
    Sealed(CompactJwe),
    /// She said no to the request of this state.
    Denied(MessageId),
}

/// Reads the form: `response=…`, or `error=access_denied&state=…`.
pub(super) fn parse(form: &[u8]) -> Result<Answer, Refusal> {
    let malformed = |because| Refusal::new(Code::RequestMalformed, because);
    let (mut response, mut error, mut state) = (None, None, None);
    for (name, value) in form_urlencoded::parse(form) {
        let place = match name.as_ref() {
            "response" => &mut response,
            "error" => &mut error,
            "state" => &mut state,
            _ => continue,
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(malformed("a parameter stands twice"));
        }
    }
    match (response, error.as_deref(), state) {
        (Some(sealed), None, _) => {
            sealed.parse().map(Answer::Sealed).map_err(|_| Refusal::new(Code::TokenMalformed, "the response is no JWE"))
        }
        (None, Some("access_denied"), Some(state)) => {
            state.parse().map(Answer::Denied).map_err(|_| Refusal::new(Code::NotFound, "there is no such request"))
        }
        _ => Err(malformed("neither a response nor a refusal")),
    }
}

#[derive(Deserialize)]
struct KeyIdOnly {
    kid: KeyId,
}

/// The key that a response says it was sealed to; opening it proves that.
pub(super) fn receiver(sealed: &CompactJwe) -> Result<KeyId, Refusal> {
    let header = sealed.as_str().split('.').next().and_then(|header| decode_base64url(header).ok());
    let header = header.and_then(|bytes| serde_json::from_slice::<KeyIdOnly>(&bytes).ok());
    header.map(|header| header.kid).ok_or(Refusal::new(Code::TokenMalformed, "the response names no key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01936b1e-5b2f-7c3d-8e4f-0123456789ab";

    #[test]
    fn a_form_is_a_sealed_response_or_a_refusal() {
        assert_eq!(parse(b"response=a..c.d.e&other=x"), Ok(Answer::Sealed("a..c.d.e".parse().unwrap())));
        let denied = format!("error=access_denied&state={ID}");
        assert_eq!(parse(denied.as_bytes()), Ok(Answer::Denied(ID.parse().unwrap())));
        for (form, code) in [
            ("", Code::RequestMalformed),
            ("response=a.b", Code::TokenMalformed),
            ("response=a..c.d.e&response=a..c.d.e", Code::RequestMalformed),
            ("response=a..c.d.e&error=access_denied", Code::RequestMalformed),
            ("error=server_error&state=x", Code::RequestMalformed),
            ("error=access_denied&state=x", Code::NotFound),
            ("error=access_denied", Code::RequestMalformed),
        ] {
            assert_eq!(parse(form.as_bytes()).unwrap_err().code(), code, "{form}");
        }
    }

    #[test]
    fn a_response_without_a_key_id_is_malformed() {
        let header = protocol::seal::encode_base64url(br#"{"alg":"ECDH-ES"}"#);
        let sealed: CompactJwe = format!("{header}..c.d.e").parse().unwrap();
        assert_eq!(receiver(&sealed).unwrap_err().code(), Code::TokenMalformed);
    }
}

//! Short messages: a POST to the gateway that the department has for them, in the form that the configuration gives.
//!
//! Guarantees: numbers and texts stand in the body alone, never in an address that somebody logs; what is filled in cannot break out
//! of the form. Deliberately absent: reports of delivery by the telephone company; each has its own form.

use futures_util::{FutureExt as _, future::BoxFuture};
use schemas::notice::Channel;
use serde::Deserialize;
use service_kit::{
    config::FilePath,
    http_client::NetworkPolicy,
    secret::{Secret, SecretFile},
};
use url::{Url, form_urlencoded::byte_serialize};

use super::{
    notifier::{Address, Arrival, Message, NotDelivered, Notifier},
    settings::NoticesStartError,
};
use crate::webhooks::{Outside, WebhookSettings};

/// The gateway for short messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    /// Its address, without a query.
    pub url: Url,
    /// The form of the body.
    #[serde(default)]
    pub form: SmsForm,
    /// The body, with `{phone}`, `{text}` and `{id}` where they belong.
    pub body: String,
    /// The header that proves who we are.
    #[serde(default = "authorization")]
    pub header: String,
    /// Its value, with `{secret}` where it belongs.
    #[serde(default = "bearer")]
    pub header_value: String,
    /// A file of mode 0600 with the secret.
    #[serde(default)]
    pub secret_file: Option<FilePath>,
    /// PEM: the certificates that are trusted, and no others.
    pub roots_file: FilePath,
}

fn authorization() -> String {
    "Authorization".to_owned()
}

fn bearer() -> String {
    "Bearer {secret}".to_owned()
}

/// How what is filled in is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsForm {
    /// Inside JSON strings.
    #[default]
    Json,
    /// As values of a form (`application/x-www-form-urlencoded`).
    Form,
}

impl SmsForm {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    fn written(self, value: &str) -> String {
        match self {
            // A JSON string without its quotation marks.
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
            }
            Self::Form => byte_serialize(value.as_bytes()).collect(),
        }
    }
}

/// The way.
#[derive(Debug)]
pub(super) struct Sms {
    gateway: Outside,
    form: SmsForm,
    body: String,
    header: String,
    value: Option<Secret<String>>,
}

impl Sms {
    pub(super) fn open(settings: &SmsSettings, networks: &NetworkPolicy) -> Result<Self, NoticesStartError> {
        if !settings.body.contains("{phone}") || !settings.body.contains("{text}") {
            return Err(NoticesStartError::Value {
                key: "notices.sms.body",
                problem: "`{phone}` or `{text}` is missing".to_owned(),
                mend: "write the body as the gateway for messages wants it, with {phone} and {text} inside",
            });
        }
        let value = settings.secret_file.as_ref().map(|file| {
            let content = SecretFile::read(&file.resolve())?;
            let secret = String::from_utf8_lossy(content.expose()).trim_end().to_owned();
            Ok::<_, NoticesStartError>(Secret::new(settings.header_value.replace("{secret}", &secret)))
        });
        let webhook = WebhookSettings { url: settings.url.clone(), roots_file: settings.roots_file.clone() };
        Ok(Self {
            gateway: Outside::open(&webhook, networks)?,
            form: settings.form,
            body: settings.body.clone(),
            header: settings.header.clone(),
            value: value.transpose()?,
        })
    }

    /// Fills the template in one pass, so that a text that contains `{phone}` stays a text.
    fn filled(&self, phone: &str, message: &Message, text: &str) -> String {
        let mut rest = self.body.as_str();
        let mut filled = String::with_capacity(rest.len() + text.len());
        while let Some(start) = rest.find('{') {
            filled.push_str(&rest[..start]);
            let (value, taken) = match &rest[start..] {
                tail if tail.starts_with("{phone}") => (self.form.written(phone), "{phone}".len()),
                tail if tail.starts_with("{text}") => (self.form.written(text), "{text}".len()),
                tail if tail.starts_with("{id}") => (self.form.written(message.id.as_str()), "{id}".len()),
                _ => ("{".to_owned(), 1),
            };
            filled.push_str(&value);
            rest = &rest[start + taken..];
        }
        filled.push_str(rest);
        filled
    }
}

impl Notifier for Sms {
    fn channel(&self) -> Channel {
        Channel::Sms
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Arrival, NotDelivered>> {
        async move {
            let (Address::Phone(phone), Some(worded)) = (&message.to, message.texts.first()) else {
                return Err(NotDelivered::Never { problem: "no number for short messages".to_owned() });
            };
            let body = self.filled(phone.as_str(), message, &worded.short);
            let headers: Vec<(&str, &str)> =
                self.value.iter().map(|value| (self.header.as_str(), value.expose().as_str())).collect();
            let reply = self.gateway.post(self.form.media_type(), &headers, body.into_bytes()).await;
            let reply = reply.map_err(|error| NotDelivered::later(error.to_string()))?;
            judged(reply.status, reply.retry_after)
        }
        .boxed()
    }
}

/// 2xx is delivered. What says that the message itself is wrong will be so tomorrow; a wrong secret or a quota may be mended.
fn judged(status: u16, retry_after: Option<u32>) -> Result<Arrival, NotDelivered> {
    match status {
        200..=299 => Ok(Arrival::Delivered(format!("HTTP {status}"))),
        400 | 404 | 410 | 422 => {
            Err(NotDelivered::Never { problem: format!("the gateway for messages said {status}") })
        }
        _ => Err(NotDelivered::Later { problem: format!("the gateway for messages said {status}"), retry_after }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_cannot_break_out_of_its_form() {
        let evil = "\"},{\"to\":\"+1\"}&to=+1 {phone}\n";
        let json: serde_json::Value =
            serde_json::from_str(&format!("{{\"text\":\"{}\"}}", SmsForm::Json.written(evil))).unwrap();
        assert_eq!(json["text"], evil);
        let form = format!("text={}", SmsForm::Form.written(evil));
        let pairs: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).collect();
        assert_eq!(pairs, [("text".into(), evil.into())]);
        // A text that ends with a quotation mark keeps it.
        let quoted = format!("\"{}\"", SmsForm::Json.written("she said \"no\""));
        assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), "she said \"no\"");
    }

    #[test]
    fn an_answer_is_taken_for_what_it_says() {
        assert_eq!(judged(202, None), Ok(Arrival::Delivered("HTTP 202".to_owned())));
        for never in [400, 404, 410, 422] {
            assert!(matches!(judged(never, None), Err(NotDelivered::Never { .. })), "{never}");
        }
        for later in [301, 401, 403, 408, 429, 500, 503] {
            assert!(matches!(judged(later, Some(7)), Err(NotDelivered::Later { retry_after: Some(7), .. })), "{later}");
        }
    }
}

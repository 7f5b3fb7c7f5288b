//! Mail: one message to the department's own mail server, over TLS.
//!
//! Guarantees: no byte of a message leaves without TLS (from the first byte on, or after STARTTLS that is not optional), and only to a
//! server whose certificate chains to the configured file; a host that resolves into a network that is not listed is not called; the
//! password comes from a file. The same notice has the same Message-ID. Deliberately absent: HTML, attachments, reading mail.

use std::time::{Duration, SystemTime};

use futures_util::{FutureExt as _, future::BoxFuture};
use lettre::{
    Address as LettreAddress, AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters, TlsVersion},
        extension::ClientId,
    },
};
use schemas::notice::{Channel, MailAddress};
use serde::Deserialize;
use service_kit::{
    config::FilePath,
    http_client::NetworkPolicy,
    secret::{Secret, SecretFile},
};

use super::{
    notifier::{Address, Arrival, Message, NotDelivered, Notifier},
    settings::NoticesStartError,
};
use crate::webhooks::roots;

/// For each command of a session (RFC 5321 §4.5.3.2 allows more; a mail server of one's own answers at once).
const PATIENCE: Duration = Duration::from_secs(10);

/// The department's mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// Its name; its certificate must hold it.
    pub host: String,
    /// Its port.
    #[serde(default = "submissions")]
    pub port: u16,
    /// How TLS begins.
    #[serde(default)]
    pub security: Security,
    /// The sender.
    pub from: MailAddress,
    /// The user, if the server wants one.
    #[serde(default)]
    pub user: Option<String>,
    /// A file of mode 0600 with the user's password.
    #[serde(default)]
    pub password_file: Option<FilePath>,
    /// PEM: the certificates that are trusted, and no others.
    pub roots_file: FilePath,
}

/// RFC 8314 §3.3.
const fn submissions() -> u16 {
    465
}

/// How TLS begins. There is no third way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// From the first byte on.
    #[default]
    Tls,
    /// By STARTTLS, without which nothing is sent.
    Starttls,
}

/// The way.
#[derive(Debug)]
pub(super) struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    from: Mailbox,
    credentials: Option<(String, Secret<String>)>,
    networks: NetworkPolicy,
}

impl Smtp {
    pub(super) fn open(settings: &SmtpSettings, networks: &NetworkPolicy) -> Result<Self, NoticesStartError> {
        let unusable = |problem: String| NoticesStartError::Value {
            key: "notices.smtp",
            problem,
            mend: "name host, sender and certificates of the department's mail server",
        };
        let mut parameters = TlsParameters::builder(settings.host.clone())
            .certificate_store(CertificateStore::None)
            .set_min_tls_version(TlsVersion::Tlsv12);
        for der in roots(&settings.roots_file)? {
            let root = Certificate::from_der(der).map_err(|error| unusable(error.to_string()))?;
            parameters = parameters.add_root_certificate(root);
        }
        let parameters = parameters.build_native().map_err(|error| unusable(error.to_string()))?;
        let tls = match settings.security {
            Security::Tls => Tls::Wrapper(parameters),
            Security::Starttls => Tls::Required(parameters),
        };
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            tls,
            from: mailbox(&settings.from).map_err(|problem| unusable(problem.to_owned()))?,
            credentials: credentials(settings)?,
            networks: networks.clone(),
        })
    }

    /// A transport to an address that was checked; the certificate is checked against the name.
    async fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotDelivered> {
        let (networks, host) = (self.networks.clone(), self.host.clone());
        let found = tokio::task::spawn_blocking(move || networks.addresses(&host)).await;
        let address = found
            .map_err(|_| NotDelivered::later("the mail server's name was not resolved"))?
            .map_err(NotDelivered::later)?
            .into_iter()
            .next()
            .ok_or_else(|| NotDelivered::later("the mail server's name has no address"))?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
            .port(self.port)
            .tls(self.tls.clone())
            .hello_name(ClientId::Domain(hello(&self.from)))
            .timeout(Some(PATIENCE));
        Ok(match &self.credentials {
            Some((user, password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose().clone())).build()
            }
            None => builder.build(),
        })
    }

    fn mail(&self, message: &Message) -> Result<Mail, NotDelivered> {
        let unusable = |problem: &str| NotDelivered::Never { problem: problem.to_owned() };
        let (Address::Mail(to), Some(worded)) = (&message.to, message.texts.first()) else {
            return Err(unusable("no address for mail"));
        };
        let seconds = u64::try_from(message.at.seconds()).unwrap_or(0);
        let (text, foot) = (&worded.text, &worded.foot);
        Mail::builder()
            .from(self.from.clone())
            .to(mailbox(to).map_err(unusable)?)
            .subject(text.title.clone())
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(format!("{}\r\n\r\n{foot}\r\n\r\n{}\r\n", text.body, worded.department))
            .map_err(|_| unusable("the mail could not be written"))
    }
}

/// Our own name for the server (RFC 5321 §4.1.1.1): the sender's domain.
fn hello(from: &Mailbox) -> String {
    from.email.domain().to_owned()
}

fn mailbox(address: &MailAddress) -> Result<Mailbox, &'static str> {
    let address: LettreAddress = address.as_str().parse().map_err(|_| "the address is not one for mail")?;
    Ok(Mailbox::new(None, address))
}

fn credentials(settings: &SmtpSettings) -> Result<Option<(String, Secret<String>)>, NoticesStartError> {
    match (&settings.user, &settings.password_file) {
        (Some(user), Some(file)) => {
            let content = SecretFile::read(&file.resolve())?;
            let password = String::from_utf8_lossy(content.expose()).trim_end().to_owned();
            Ok(Some((user.clone(), Secret::new(password))))
        }
        (None, None) => Ok(None),
        _ => Err(NoticesStartError::Value {
            key: "notices.smtp",
            problem: "user and password_file go together".to_owned(),
            mend: "name both, or neither",
        }),
    }
}

impl Notifier for Smtp {
    fn channel(&self) -> Channel {
        Channel::Mail
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Arrival, NotDelivered>> {
        async move {
            let mail = self.mail(message)?;
            let response = self.transport().await?.send(mail).await.map_err(|error| judged(&error))?;
            Ok(Arrival::Delivered(response.code().to_string()))
        }
        .boxed()
    }
}

/// A refusal for good (5yz) is one of this address; whatever else may pass. The server's words may hold the address: only its code
/// is kept.
fn judged(error: &SmtpError) -> NotDelivered {
    match error.status() {
        Some(code) if error.is_permanent() => NotDelivered::Never { problem: format!("the mail server said {code}") },
        Some(code) => NotDelivered::later(format!("the mail server said {code}")),
        None if error.is_tls() => NotDelivered::later("no TLS with the mail server"),
        None if error.is_timeout() => NotDelivered::later("the mail server is too slow"),
        None => NotDelivered::later("the mail server cannot be reached"),
    }
}

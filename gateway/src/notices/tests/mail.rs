//! Mail against a server that speaks RFC 5321 over TLS.

use std::sync::{Arc, Mutex};

use schemas::notice::{Channel, DeliveryState, NoticeLevel};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};

use super::{Person, erased, hold, reachable, round, subject, tell, ways};
use crate::webhooks::testing::{Member, TlsPort, accept};

/// How the server begins and what it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// TLS from the first byte on.
    Implicit,
    /// STARTTLS.
    Starttls,
    /// It offers no TLS at all.
    Plain,
}

struct MailServer {
    port: u16,
    certificate: Vec<u8>,
    /// What the server says to RCPT TO and at the end of DATA.
    says: Arc<Mutex<(&'static str, &'static str)>>,
    /// Whole sessions: every line of the client.
    heard: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn start(manner: Manner) -> Self {
        let TlsPort { listener, port, acceptor, certificate } = TlsPort::open().await;
        let says = Arc::new(Mutex::new(("250 2.1.5 ok", "250 2.0.0 queued")));
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answers, lines) = (Arc::clone(&says), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, answers, lines) = (acceptor.clone(), Arc::clone(&answers), Arc::clone(&lines));
                tokio::spawn(async move {
                    if manner == Manner::Implicit {
                        let Some(stream) = accept(&acceptor, tcp).await else { return };
                        session(stream, true, &answers, &lines).await;
                        return;
                    }
                    let mut tcp = BufReader::new(tcp);
                    if talk(&mut tcp, manner == Manner::Starttls, true, &answers, &lines).await {
                        let Some(stream) = accept(&acceptor, tcp.into_inner()).await else { return };
                        session(stream, false, &answers, &lines).await;
                    }
                });
            }
        });
        Self { port, certificate, says, heard }
    }

    fn heard(&self) -> String {
        self.heard.lock().unwrap().join("\n")
    }

    fn mails(&self) -> usize {
        self.heard.lock().unwrap().iter().filter(|line| *line == "<end of mail>").count()
    }

    fn say(&self, recipient: &'static str, data: &'static str) {
        *self.says.lock().unwrap() = (recipient, data);
    }
}

type Says = Mutex<(&'static str, &'static str)>;

async fn session<S: AsyncRead + AsyncWrite + Unpin>(stream: S, greet: bool, says: &Says, heard: &Mutex<Vec<String>>) {
    talk(&mut BufReader::new(stream), false, greet, says, heard).await;
}

/// One conversation; `true` when the client asked for TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    offers_tls: bool,
    greet: bool,
    says: &Says,
    heard: &Mutex<Vec<String>>,
) -> bool {
    if greet {
        write(stream, "220 mail.test ESMTP").await;
    }
    let mut in_mail = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        heard.lock().unwrap().push(line.clone());
        let (recipient, data) = *says.lock().unwrap();
        let verb = line.to_ascii_uppercase();
        if in_mail {
            if line == "." {
                in_mail = false;
                heard.lock().unwrap().push("<end of mail>".to_owned());
                write(stream, data).await;
            }
            continue;
        }
        match verb.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if offers_tls => write(stream, "250-mail.test\r\n250 STARTTLS").await,
            "EHLO" => write(stream, "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN").await,
            "STARTTLS" if offers_tls => {
                write(stream, "220 go ahead").await;
                return true;
            }
            "AUTH" => write(stream, "235 2.7.0 ok").await,
            "MAIL" | "RSET" | "NOOP" => write(stream, "250 2.1.0 ok").await,
            "RCPT" => write(stream, recipient).await,
            "DATA" => {
                in_mail = true;
                write(stream, "354 go on").await;
            }
            "QUIT" => {
                write(stream, "221 bye").await;
                return false;
            }
            _ => write(stream, "502 5.5.1 unknown").await,
        }
    }
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, line: &str) {
    let _ = stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await;
}

async fn member(postgres: bool, server: &MailServer, security: &str, roots: &[u8]) -> Member {
    let password = "user = \"notices\"\npassword_file = \"mail.secret\"\n";
    let more = format!(
        "[notices.smtp]\nhost = \"localhost\"\nport = {}\nsecurity = \"{security}\"\nfrom = \"notices@social.example\"\nroots_file = \"mail.pem\"\n{}",
        server.port,
        if security == "tls" { password } else { "" }
    );
    let files: &[(&str, &[u8])] = &[("mail.pem", roots)];
    let folder = tempfile::tempdir().unwrap();
    service_kit::secret::SecretFile::write(&folder.path().join("s"), b"correct horse battery staple\n").unwrap();
    let member = Member::prepare(postgres, &more, files, |department| {
        std::fs::rename(folder.path().join("s"), department.path("mail.secret")).unwrap();
    });
    member.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_delivered_over_tls_once_the_server_took_it() {
    for (postgres, manner, security) in
        [(false, Manner::Implicit, "tls"), (true, Manner::Implicit, "tls"), (false, Manner::Starttls, "starttls")]
    {
        let server = MailServer::start(manner).await;
        let member = member(postgres, &server, security, &server.certificate).await;
        let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
        reachable(app, &person, NoticeLevel::Exceptions, None, Some("sushila@mail.example")).await;
        tell(app, &person, hold()).await;
        round(app, 0).await;
        let told = ways(app, &person).await;
        assert_eq!(told[0].2, [(Channel::Mail, DeliveryState::Delivered)]);
        let heard = server.heard();
        assert!(
            heard.contains("MAIL FROM:<notices@social.example>") && heard.contains("RCPT TO:<sushila@mail.example>"),
            "{heard}"
        );
        assert!(heard.contains(&format!("Message-ID: <{}@social.example>", told[0].0)), "the notice's own id: {heard}");
        assert_eq!(heard.contains("AUTH PLAIN"), security == "tls");
        assert!(
            heard.contains("Content-Transfer-Encoding: base64") && heard.contains("=?utf-8?b?"),
            "in Hindi: {heard}"
        );
        round(app, 1).await;
        assert_eq!(server.mails(), 1, "delivered once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_or_with_a_strangers_certificate_no_byte_of_a_mail_leaves() {
    let (strange, _) = service_kit_testing::self_signed("localhost", 30);
    for (manner, security, strange) in
        [(Manner::Plain, "starttls", None), (Manner::Plain, "tls", None), (Manner::Implicit, "tls", Some(strange))]
    {
        let server = MailServer::start(manner).await;
        let member = member(false, &server, security, strange.as_ref().unwrap_or(&server.certificate)).await;
        let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
        reachable(app, &person, NoticeLevel::Exceptions, None, Some("sushila@mail.example")).await;
        tell(app, &person, hold()).await;
        round(app, 0).await;
        assert_eq!(ways(app, &person).await[0].2, [(Channel::Mail, DeliveryState::Waiting)]);
        assert!(!server.heard().contains("MAIL FROM"), "{}", server.heard());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_parks_at_once_and_any_other_is_tried_for_three_days() {
    let server = MailServer::start(Manner::Implicit).await;
    let member = member(false, &server, "tls", &server.certificate).await;
    let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
    reachable(app, &person, NoticeLevel::EveryUse, None, Some("sushila@mail.example")).await;

    server.say("550 5.1.1 no such mailbox sushila@mail.example", "250 ok");
    tell(app, &person, hold()).await;
    round(app, 0).await;
    assert_eq!(ways(app, &person).await[0].2, [(Channel::Mail, DeliveryState::Parked)]);
    assert_eq!(app.replay_notices().await.unwrap(), 1, "an officer may send it again");

    server.say("250 ok", "451 4.3.0 later");
    for hours in [0, 1, 24, 71] {
        round(app, hours).await;
        assert_eq!(ways(app, &person).await[0].2, [(Channel::Mail, DeliveryState::Waiting)], "{hours} h");
    }
    let before = server.mails();
    round(app, 70).await;
    assert_eq!(server.mails(), before, "not before its turn");
    round(app, 73).await;
    assert_eq!(ways(app, &person).await[0].2, [(Channel::Mail, DeliveryState::Parked)], "after 72 h");

    server.say("250 ok", "250 queued");
    app.replay_notices().await.unwrap();
    round(app, 0).await;
    assert_eq!(ways(app, &person).await[0].2, [(Channel::Mail, DeliveryState::Delivered)]);
    tell(app, &person, erased(app)).await;
    round(app, 0).await;
    assert!(ways(app, &person).await.iter().all(|(_, _, ways)| ways == &[(Channel::Mail, DeliveryState::Delivered)]));
}

//! A phone that gets short messages: the service that a department sends them by, behind TLS on loopback, and what it heard.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use openssl::ssl::SslAcceptor;
use service_kit::{secret::Secret, tls::ServerIdentity};
use service_kit_testing::self_signed;

/// Digits of a code.
const DIGITS: usize = 6;

/// The service, and its messages.
pub struct Phone {
    port: u16,
    certificate: PathBuf,
    messages: Arc<Mutex<Vec<String>>>,
}

impl Phone {
    /// Listens on a port of its own; its certificate lies in the folder.
    pub fn listen(folder: &Path) -> Self {
        let (certificate, key) = self_signed("localhost", 30);
        let acceptor = ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap().acceptor().unwrap();
        let file = folder.join("sms.pem");
        std::fs::write(&file, certificate).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&messages);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                hear(&acceptor, stream, &heard);
            }
        });
        Self { port, certificate: file, messages }
    }

    /// The section of the configuration of whoever sends messages here.
    pub fn section(&self) -> String {
        format!(
            "\n[notices.sms]\nurl = \"https://localhost:{}/send\"\nbody = '{{\"to\":\"{{phone}}\",\"text\":\"{{text}}\"}}'\nroots_file = \"{}\"\n",
            self.port,
            self.certificate.display()
        )
    }

    /// The code in the last message.
    pub fn code(&self) -> String {
        let messages = self.messages.lock().unwrap();
        let last = messages.last().expect("a message came before the page said so");
        last.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == DIGITS).expect("a code in it").to_owned()
    }
}

/// Keeps the body of one request before it is answered; who breaks off is not heard.
fn hear(acceptor: &SslAcceptor, stream: TcpStream, heard: &Mutex<Vec<String>>) -> Option<()> {
    let mut stream = BufReader::new(acceptor.accept(stream).ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    heard.lock().unwrap().push(String::from_utf8(body).ok()?);
    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
    stream.get_mut().shutdown().ok().map(drop)
}

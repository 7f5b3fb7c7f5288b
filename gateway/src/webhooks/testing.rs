//! For tests: real TLS servers on loopback, and an HTTPS endpoint whose answers a test decides.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use openssl::ssl::{Ssl, SslAcceptor};
use service_kit::{secret::Secret, tls::ServerIdentity};
use service_kit_testing::self_signed;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_openssl::SslStream;

/// A certificate for localhost, its acceptor, and a port.
pub(crate) struct TlsPort {
    pub(crate) listener: TcpListener,
    pub(crate) port: u16,
    pub(crate) acceptor: SslAcceptor,
    /// What a client must trust, PEM.
    pub(crate) certificate: Vec<u8>,
}

impl TlsPort {
    pub(crate) async fn open() -> Self {
        let (certificate, key) = self_signed("localhost", 30);
        let acceptor = ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap().acceptor().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, port, acceptor, certificate }
    }
}

/// A handshake as the server; `None` if the client does not like us.
pub(crate) async fn accept(acceptor: &SslAcceptor, stream: TcpStream) -> Option<SslStream<TcpStream>> {
    let mut stream = SslStream::new(Ssl::new(acceptor.context()).unwrap(), stream).unwrap();
    Pin::new(&mut stream).accept().await.ok()?;
    Some(stream)
}

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// Method and target.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// Status, header lines, body.
pub(crate) type Said = (u16, &'static str, Vec<u8>);

/// An HTTPS endpoint.
pub(crate) struct HttpsEndpoint {
    pub(crate) port: u16,
    pub(crate) certificate: Vec<u8>,
    heard: Arc<Mutex<Vec<Heard>>>,
    task: tokio::task::JoinHandle<()>,
}

impl HttpsEndpoint {
    pub(crate) async fn start(answer: impl Fn(&Heard) -> Said + Send + Sync + 'static) -> Self {
        let TlsPort { listener, port, acceptor, certificate } = TlsPort::open().await;
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let (kept, answer) = (Arc::clone(&heard), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept, answer) = (acceptor.clone(), Arc::clone(&kept), Arc::clone(&answer));
                tokio::spawn(async move {
                    let Some(mut stream) = accept(&acceptor, stream).await else { return };
                    let Some(request) = read(&mut stream).await else { return };
                    kept.lock().unwrap().push(request.clone());
                    let (status, headers, body) = answer(&request);
                    let head = format!(
                        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
                        body.len()
                    );
                    let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, certificate, heard, task }
    }

    /// What came so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for HttpsEndpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: &mut SslStream<TcpStream>) -> Option<Heard> {
    let mut bytes = Vec::new();
    let head = loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        body.extend_from_slice(&chunk[..read]);
    }
    Some(Heard { line, headers, body })
}

/// A member on an engine of its own, with these files in its folder and this at the end of its configuration. No job runs.
pub(crate) struct Member {
    _anchor: crate::testing::TestAnchor,
    pub(crate) department: crate::testing::TestDepartment,
    pub(crate) app: crate::app::App,
}

impl Member {
    pub(crate) async fn start(postgres: bool, more: &str, files: &[(&str, &[u8])]) -> Self {
        Self::prepare(postgres, more, files, |_| ()).await
    }

    /// The same, with more done to its folder before it is opened.
    pub(crate) async fn prepare(
        postgres: bool,
        more: &str,
        files: &[(&str, &[u8])],
        prepare: impl FnOnce(&crate::testing::TestDepartment),
    ) -> Self {
        use crate::testing::{TestAnchor, TestDepartment};
        let anchor = TestAnchor::start(&service_kit::clock::Clock::default());
        let department = TestDepartment::new("social", None, more);
        for (name, content) in files {
            std::fs::write(department.path(name), content).unwrap();
        }
        if postgres {
            let url = tokio::task::block_in_place(|| service_kit_testing::postgres().new_database());
            let service_kit::db::DatabaseUrl::Postgres(url) = url else { panic!("no PostgreSQL") };
            let file = department.path("gateway.toml");
            let text = std::fs::read_to_string(&file).unwrap();
            std::fs::write(&file, text.replace("sqlite://gateway.sqlite", url.expose())).unwrap();
        }
        prepare(&department);
        department.init();
        department.join(&anchor, &["consumer:social"]).await.unwrap();
        let app = department.open();
        Self { _anchor: anchor, department, app }
    }
}

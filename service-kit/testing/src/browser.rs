//! A browser without a window: keeps cookies, follows nothing, says which page a form was sent from.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Mutex,
};

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Page {
    /// A header's value, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.body.split_once(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.body)).1;
        rest.split('"').next().unwrap().to_owned()
    }
}

/// One person's browser at one server.
pub struct Browser {
    client: reqwest::Client,
    origin: String,
    cookies: Mutex<BTreeMap<String, String>>,
    language: &'static str,
}

impl Browser {
    /// At `https://<host>:<port>` on loopback, trusting this certificate (DER).
    #[allow(clippy::disallowed_methods)]
    pub fn new(host: &str, port: u16, certificate: &[u8]) -> Self {
        let client = reqwest::Client::builder()
            .tls_backend_native()
            .tls_certs_only([reqwest::Certificate::from_der(certificate).unwrap()])
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .resolve(host, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .build()
            .unwrap();
        Self { client, origin: format!("https://{host}:{port}"), cookies: Mutex::default(), language: "en" }
    }

    /// The same with another `Accept-Language`.
    #[must_use]
    pub fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// Where it is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A cookie that the server set.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Puts a cookie there, as a thief would.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Page {
        self.send(self.client.get(format!("{}{path}", self.origin))).await
    }

    /// Sends a form from a page of this server.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(&self.origin.clone(), path, fields).await
    }

    /// Sends a form from a page of that origin.
    pub async fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .client
            .post(format!("{}{path}", self.origin))
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("accept", "text/html").header("accept-language", self.language);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for line in headers.get_all("set-cookie") {
            self.keep(line.to_str().unwrap());
        }
        Page { status, headers, body: response.text().await.unwrap() }
    }

    fn keep(&self, line: &str) {
        let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
        let mut cookies = self.cookies.lock().unwrap();
        if line.contains("Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

//! An officer of a department at the console: invited, with a password of her own, signed in, with a key that another officer confirmed.
//!
//! Guarantees: everything is a page or a form that her browser would use, over TLS to the department's own certificate. The key is made
//! by the command that officers use, and never leaves its file. Deliberately absent: any other way in.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use openssl::{
    ssl::{SslConnector, SslMethod},
    x509::{X509, store::X509StoreBuilder, verify::X509VerifyFlags},
};
use serde_json::Value;
use url::Url;

use crate::world::Department;

/// Officers of the demonstration choose this; nobody else meets it.
const PASSWORD: &str = "monsoon arrives on a tuesday";
/// Longer than any page takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// An officer, signed in.
pub struct Officer {
    /// Her account.
    pub name: String,
    /// Her key's file.
    pub key: PathBuf,
    origin: Url,
    connector: SslConnector,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Officer {
    /// Invited on the gateway's own machine with these roles, and signed in.
    ///
    /// # Errors
    /// If a command or a page refuses.
    pub fn hired(department: &Department, name: &str, roles: &[&str]) -> anyhow::Result<Self> {
        let mut arguments = vec!["user", "invite", name, "--person", name];
        roles.iter().for_each(|role| arguments.extend(["--role", role]));
        let invited: Value = serde_json::from_str(&department.command(&arguments)?)?;
        let link = invited["link"].as_str().context("the invitation has no link")?;
        let (_, code) = link.split_once("code=").context("the link has no code")?;
        let officer = Self {
            name: name.to_owned(),
            key: department.folder().join(format!("officer-{name}.pem")),
            origin: department.entity().as_str().parse()?,
            connector: trusting(department)?,
            cookies: RefCell::default(),
        };
        let page = officer.send("/invitation", Some(&[("code", code), ("password", PASSWORD), ("again", PASSWORD)]))?;
        ensure!(page.status == 303, "the invitation of {name} was answered with {}", page.status);
        officer.signs_in()?;
        Ok(officer)
    }

    /// Signs in, once more if her session has ended.
    ///
    /// # Errors
    /// If the page refuses.
    pub fn signs_in(&self) -> anyhow::Result<()> {
        self.cookies.borrow_mut().clear();
        let page = self.send("/sign-in", Some(&[("name", &self.name), ("password", PASSWORD)]))?;
        ensure!(page.status == 303, "{} could not sign in: {}", self.name, page.status);
        Ok(())
    }

    /// Makes her key and hands its public half in; gives the key's id.
    ///
    /// # Errors
    /// If the command or the page refuses.
    pub fn registers_a_key(&self, department: &Department) -> anyhow::Result<String> {
        self.registers(department, &self.key)
    }

    /// Makes a key in this file, which must not be there yet, and hands its public half in; gives the key's id.
    ///
    /// # Errors
    /// If the command or the page refuses.
    pub fn registers(&self, department: &Department, file: &Path) -> anyhow::Result<String> {
        let file = file.display().to_string();
        let made = department.program().run(&[
            "gateway",
            "user",
            "key",
            "--account",
            &self.name,
            "--department",
            department.entity().as_str(),
            "--out",
            &file,
        ])?;
        self.posts("/console/keys", &[("key", made.trim())])?;
        let made: Value = serde_json::from_str(&made)?;
        Ok(made["thumbprint"].as_str().context("the key has no thumbprint")?.to_owned())
    }

    /// Confirms the key of another officer.
    ///
    /// # Errors
    /// If the page refuses.
    pub fn confirms(&self, kid: &str) -> anyhow::Result<()> {
        self.posts("/console/keys/decide", &[("kid", kid), ("decision", "confirm")])
    }

    /// Sends a form of the console.
    ///
    /// # Errors
    /// If it is not taken; with the code that the page shows.
    pub fn posts(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let token = self.send("/console", None)?.hidden("form_token").context("the console has no form")?;
        let page = self.send(path, Some(&[fields, &[("form_token", token.as_str())]].concat()))?;
        let code =
            page.body.split_once("data-code=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
        ensure!(page.status == 303, "{path} was refused: {} {code}", page.status);
        Ok(())
    }

    fn send(&self, path: &str, form: Option<&[(&str, &str)]>) -> anyhow::Result<Page> {
        let host = self.origin.host_str().context("the department has no host")?;
        let port = self.origin.port_or_known_default().context("the department has no port")?;
        let body = form.map_or_else(String::new, |fields| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        });
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let method = if form.is_some() { "POST" } else { "GET" };
        let origin = self.origin.as_str().trim_end_matches('/');
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nAccept: text/html\r\nAccept-Language: en\r\n\
             Origin: {origin}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        );
        let tcp = TcpStream::connect(("127.0.0.1", port))?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let mut stream = self.connector.connect(host, tcp).map_err(|error| anyhow::anyhow!("{host}: {error}"))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        // A server that closes without saying so over TLS has answered all the same; what is missing shows below.
        let read = stream.read_to_end(&mut answer);
        let page = Page::parse(&String::from_utf8_lossy(&answer)).with_context(|| format!("{path}: {read:?}"))?;
        for line in &page.set_cookies {
            if let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.borrow_mut().insert(name.trim().to_owned(), value.to_owned());
            }
        }
        Ok(page)
    }
}

fn trusting(department: &Department) -> anyhow::Result<SslConnector> {
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(X509::from_pem(&std::fs::read(department.folder().join("keys/tls.pem"))?)?)?;
    // This certificate and no other is trusted, whatever day it is.
    store.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_cert_store(store.build());
    Ok(connector.build())
}

struct Page {
    status: u16,
    set_cookies: Vec<String>,
    body: String,
}

impl Page {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (head, body) = text.split_once("\r\n\r\n").context("no whole answer")?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
        let cookie = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("set-cookie").then(|| value.trim().to_owned())
        };
        Ok(Self { status, set_cookies: lines.filter_map(cookie).collect(), body: body.to_owned() })
    }

    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\""))?;
        let (_, rest) = rest.split_once("value=\"")?;
        rest.split('"').next().map(str::to_owned)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_page_gives_its_status_cookies_and_hidden_fields() {
        let text = "HTTP/1.1 303 See Other\r\nSet-Cookie: __Host-s=abc; Path=/\r\nset-cookie: t=1\r\n\r\n<input type=\"hidden\" name=\"form_token\" value=\"xyz\">";
        let page = Page::parse(text).unwrap();
        assert_eq!((page.status, page.set_cookies.len()), (303, 2));
        assert_eq!(page.hidden("form_token").unwrap(), "xyz");
        assert_eq!(page.hidden("other"), None);
        assert!(Page::parse("HTTP/1.1 200 OK").is_err(), "half an answer is none");
    }
}

//! Real listeners on loopback, real TLS, raw sockets where a client misbehaves.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use actix_web::{HttpResponse, http::Method};
use serde_json::Value;

use super::*;
use crate::{
    access::{Caller, Peer, System, SystemPrincipal},
    http_client::{ClientLimits, HttpClient, NetworkPolicy},
    secret::Secret,
    testing::self_signed,
    tls::{PinnedSet, ServerIdentity},
};

mod bodies;
mod cross_origin;
mod crowds;
mod lifetimes;
mod peers;
mod people;

fn context(limits: Limits) -> ServerContext {
    ServerContext::new("https://kit.localhost".parse().unwrap(), Clock::default(), limits)
}

fn identity(host: &str) -> ServerIdentity {
    identity_for_days(host, 30)
}

fn identity_for_days(host: &str, days: i64) -> ServerIdentity {
    let (certificate, key) = self_signed(host, days);
    ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap()
}

fn der(identity: &ServerIdentity) -> Vec<u8> {
    identity.certificate_der().unwrap()
}

fn loopback() -> NetworkPolicy {
    NetworkPolicy::parse(["127.0.0.0/8"]).unwrap()
}

fn client(server: &ServerIdentity, own: Option<&ServerIdentity>) -> HttpClient {
    HttpClient::pinned(&[der(server)], own, loopback(), ClientLimits::default()).unwrap()
}

fn url(address: SocketAddr, path: &str) -> url::Url {
    format!("https://kit.localhost:{}{path}", address.port()).parse().unwrap()
}

/// A plain listener with these routes.
fn plain<F>(limits: Limits, routes: F) -> (SocketAddr, RunningServer)
where
    F: Fn() -> Routes + Clone + Send + 'static,
{
    let (address, running, _) = plain_watched(limits, routes);
    (address, running)
}

/// The same, and what its connections share.
fn plain_watched<F>(limits: Limits, routes: F) -> (SocketAddr, RunningServer, ServerContext)
where
    F: Fn() -> Routes + Clone + Send + 'static,
{
    let bound = Bound::bind("test", "127.0.0.1:0".parse().unwrap()).unwrap();
    let (address, context) = (bound.address(), context(limits));
    let running = Server::new(context.clone(), 1).listen(bound, None, routes).unwrap().start();
    (address, running, context)
}

async fn echo(body: Body) -> HttpResponse {
    HttpResponse::Ok().body(body.to_vec())
}

async fn hello() -> &'static str {
    "hello"
}

fn echo_routes() -> Routes {
    Routes::new("test").route(Method::POST, "/echo", Caller::Public, RouteLimits::body(64 * 1024), echo).route(
        Method::GET,
        "/hello",
        Caller::Public,
        RouteLimits::NO_BODY,
        hello,
    )
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    stream
}

/// Sends the bytes and reads until the server closes.
async fn raw(address: SocketAddr, request: impl Into<Vec<u8>>) -> String {
    let request = request.into();
    tokio::task::spawn_blocking(move || {
        let mut stream = connect(address);
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

/// Status and problem document of an answer.
fn problem_of(answer: &str) -> (u16, Value) {
    let status = answer.split(' ').nth(1).unwrap_or("0").parse().unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

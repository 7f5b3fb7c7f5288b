//! HTTP listeners under the limits of the security design.
//!
//! Guarantees: deadlines and size limits hold for every request of a connection, not only for its first; what is
//! refused is refused early, as a problem document, before work is spent on it; a panic costs one answer; SIGTERM
//! drains and exits. Routes come from [`crate::access`] alone. Deliberately absent: HTTP/2, compression.

use std::{sync::Arc, time::Duration};

use actix_http::HttpServiceBuilder;
use actix_server::{Server as ActixServer, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{App, dev::AppConfig, middleware::from_fn, web};
use openssl::ssl::SslAcceptor;
use schemas::id::EntityId;

use crate::{access::Routes, clock::Clock, health::Health};

mod admission;
mod body;
mod connection;
mod exchange;
mod limits;
mod listener;
mod problem;
mod stop;

pub use body::Body;
pub use limits::{Limits, RouteLimits};
pub use listener::{BindError, Bound};
pub use problem::{ProblemResponse, Reply};
pub use stop::StopSignal;

pub(crate) use admission::{Admission, Rates};
pub(crate) use body::BodyBudget;
pub(crate) use connection::{ConnectionState, PeerKey};
pub(crate) use exchange::RequestId;

/// What all listeners of a process share. Cheap to clone.
#[derive(Clone)]
pub struct ServerContext {
    pub(crate) inner: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) entity: EntityId,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) budget: BodyBudget,
    pub(crate) admission: Admission,
    pub(crate) rates: Rates,
    pub(crate) connections: connection::Connections,
}

impl ServerContext {
    /// For the entity whose problem documents name it.
    pub fn new(entity: EntityId, clock: Clock, limits: Limits) -> Self {
        let inner = Shared {
            budget: BodyBudget::new(limits.buffered_bodies),
            admission: Admission::new(limits.concurrent, limits.queued),
            rates: Rates::new(limits.requests_per_second, limits.burst),
            connections: connection::Connections::new(limits.connections, limits.connections_per_peer),
            entity,
            clock,
            limits,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The process's clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }
}

/// The listeners of a process, before they run.
pub struct Server {
    context: ServerContext,
    builder: ServerBuilder,
}

impl Server {
    /// A server with so many worker threads (at least one).
    pub fn new(context: ServerContext, workers: usize) -> Self {
        let drain = context.inner.limits.drain;
        let builder = ActixServer::build().workers(workers.max(1)).disable_signals().shutdown_timeout(drain.as_secs());
        Self { context, builder }
    }

    /// Adds a listener. `tls`: from [`crate::tls::ServerIdentity`]; `None` speaks plain HTTP, which is right for the
    /// management listener on loopback alone. `routes` is called once for each worker.
    pub fn listen<F>(mut self, bound: Bound, tls: Option<SslAcceptor>, routes: F) -> std::io::Result<Self>
    where
        F: Fn() -> Routes + Clone + Send + 'static,
    {
        let context = self.context.clone();
        let (name, stopping) = (bound.name().to_owned(), self.builder.graceful_shutdown_signal());
        self.builder = self.builder.listen(name, bound.into_listener(), move || {
            let accept = connection::Acceptor::new(context.clone(), tls.clone());
            let limits = &context.inner.limits;
            let shared = web::Data::new(context.clone());
            let routes = routes.clone();
            let app = App::new()
                .app_data(shared)
                .configure(move |config| routes().register(config))
                .default_service(web::to(problem::not_found))
                .wrap(from_fn(exchange::answer))
                .into_factory()
                .map_err(|error: actix_web::Error| error.error_response());
            let http = HttpServiceBuilder::<connection::Guarded, _>::default()
                .keep_alive(limits.keep_alive)
                .client_request_timeout(Duration::ZERO) // ours holds for every request: `connection`
                .client_disconnect_timeout(Duration::from_secs(1))
                .graceful_shutdown_signal({
                    // Idle connections close at once when the server stops, instead of holding the drain.
                    let stopping = stopping.clone();
                    move || {
                        let stopping = stopping.clone();
                        async move { stopping.notified().await }
                    }
                })
                .on_connect_ext(connection::introduce)
                .h1(map_config(app, |()| AppConfig::default()));
            fn_service(move |stream| {
                let accept = accept.clone();
                async move { accept.accept(stream).await }
            })
            .and_then(http)
        })?;
        Ok(self)
    }

    /// Starts the listeners; they answer from now on.
    pub fn start(self) -> RunningServer {
        let server = self.builder.run();
        let handle = server.handle();
        RunningServer { context: self.context, handle, task: tokio::spawn(server) }
    }
}

/// A server that answers.
pub struct RunningServer {
    context: ServerContext,
    handle: actix_server::ServerHandle,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl RunningServer {
    /// Serves until SIGTERM or SIGINT; then readiness is false, callers get a moment to notice, what runs is
    /// finished, and the call returns, whereupon the process exits 0.
    pub async fn until_signal(self, health: &Health, mut stop: StopSignal) -> std::io::Result<()> {
        stop.received().await;
        health.drain();
        tracing::info!("stopping: not ready any more, finishing what runs");
        tokio::time::sleep(self.context.inner.limits.notice).await;
        self.stop().await
    }

    /// Takes no new connection, finishes what runs, returns.
    pub async fn stop(self) -> std::io::Result<()> {
        self.handle.stop(true).await;
        self.task.await.map_err(std::io::Error::other)?
    }
}

#[cfg(test)]
mod tests;

//! Live, ready, started: what an orchestrator asks.
//!
//! Guarantees: liveness never depends on others; readiness is false before the start is done, while draining, and
//! while any named check fails; a failing check is named, its reason stays in the log. Deliberately absent: secrets
//! and addresses of dependencies in the answers.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpResponse, http::Method, web};

use crate::{
    access::{Caller, Routes},
    server::RouteLimits,
    telemetry::Metrics,
};

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> Outcome + Send + Sync>;

/// A check that has not answered in this time has failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// The state of a process, and its named checks. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health {
    started: Arc<AtomicBool>,
    draining: Arc<AtomicBool>,
    checks: Arc<Mutex<BTreeMap<&'static str, Check>>>,
}

impl Health {
    /// Not started, without checks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check to readiness. `Err` says why, for the log.
    pub fn check<F, Fut>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(name, check);
    }

    /// The start is done.
    pub fn start(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// The process is about to stop: not ready any more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the start is done.
    pub fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Names of what stands against being ready; empty: ready.
    pub async fn obstacles(&self) -> Vec<&'static str> {
        let mut obstacles = Vec::new();
        if !self.is_started() {
            obstacles.push("starting");
        }
        if self.draining.load(Ordering::Acquire) {
            obstacles.push("draining");
        }
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, check) in checks {
            let outcome = tokio::time::timeout(PATIENCE, check()).await.unwrap_or_else(|_| Err("no answer".to_owned()));
            if let Err(reason) = outcome {
                tracing::warn!(check = name, reason, "not ready");
                obstacles.push(name);
            }
        }
        obstacles
    }
}

/// `/healthz/live|ready|started` and `/metrics`, for a listener on loopback.
pub fn management_routes(health: Health, metrics: Option<Metrics>) -> Routes {
    Routes::new("management")
        .data(web::Data::new(health))
        .data(web::Data::new(metrics))
        .route(Method::GET, "/healthz/live", Caller::Probe, RouteLimits::NO_BODY, live)
        .route(Method::GET, "/healthz/ready", Caller::Probe, RouteLimits::NO_BODY, ready)
        .route(Method::GET, "/healthz/started", Caller::Probe, RouteLimits::NO_BODY, started)
        .route(Method::GET, "/metrics", Caller::Probe, RouteLimits::NO_BODY, metrics_text)
}

async fn live() -> HttpResponse {
    state(&[])
}

async fn ready(health: web::Data<Health>) -> HttpResponse {
    state(&health.obstacles().await)
}

async fn started(health: web::Data<Health>) -> HttpResponse {
    if health.is_started() { state(&[]) } else { state(&["starting"]) }
}

async fn metrics_text(metrics: web::Data<Option<Metrics>>) -> HttpResponse {
    let text = metrics.as_ref().as_ref().map(Metrics::render).unwrap_or_default();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text)
}

fn state(obstacles: &[&str]) -> HttpResponse {
    let mut answer = if obstacles.is_empty() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.json(serde_json::json!({ "ok": obstacles.is_empty(), "failing": obstacles }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readiness_names_what_stands_against_it() {
        let health = Health::new();
        health.check("database", || async { Err("secret reason".to_owned()) });
        health.check("disk", || async { Ok(()) });
        assert_eq!(health.obstacles().await, ["starting", "database"]);
        health.start();
        health.check("database", || async { Ok(()) });
        assert!(health.obstacles().await.is_empty());
        health.drain();
        assert_eq!(health.obstacles().await, ["draining"]);
    }
}

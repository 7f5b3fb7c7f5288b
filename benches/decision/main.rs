//! `make bench`: decisions a second on one core, beside the same cryptography done by OpenSSL alone in the same run.
//!
//! A decision goes from the bytes of a query to a `Grant` or a refusal: signature of the query, standing, freshness, consent,
//! sealed binding, key binding, status, purpose, scope, uses; or the law and the named person. Good and bad queries are mixed, and
//! each is asserted to end as it should before anything is timed. Nothing is cached: every decision does all of its work.
//! Guarantees: one thread; OpenSSL replays exactly the signature verifications and key agreements that each query needs, over its
//! own bytes; time is that of the thread on its core. Deliberately absent: HTTP, TLS, databases (see the benchmark `exchange`). Setting: `BENCH_DECISION_SECONDS` (3).

mod openssl_alone;
mod scene;

use std::{io::Write, time::Duration};

use anyhow::{Context, ensure};

use crate::{
    openssl_alone::{Keys, OpensslAlone},
    scene::Scene,
};

/// What a decision should reach at least of what OpenSSL alone does.
const AIM: f64 = 0.7;

fn main() -> anyhow::Result<()> {
    let seconds: u64 = match std::env::var("BENCH_DECISION_SECONDS") {
        Ok(text) => text.parse().context("BENCH_DECISION_SECONDS is a number of seconds")?,
        Err(_) => 3,
    };
    let round = Duration::from_millis(seconds.max(1) * 100);
    let scene = Scene::new()?;
    scene.assert_outcomes()?;
    let alone = OpensslAlone::new(&scene.work())?;
    // In turn, so that a machine that slows down slows all of them.
    let mut best = [f64::INFINITY; 3];
    for _ in 0..10 {
        let decided = per_pass(round, || {
            scene.decide_all();
            Ok(())
        })?;
        let from_bytes = per_pass(round, || alone.replay(Keys::FromCoordinates))?;
        let ready = per_pass(round, || alone.replay(Keys::Ready))?;
        for (best, took) in best.iter_mut().zip([decided, from_bytes, ready]) {
            *best = best.min(took);
        }
    }
    report(&scene, &alone, best)
}

/// How long this thread has been on a core so far (proc(5), `schedstat`): what others do on the machine does not count.
fn on_core() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").context("the kernel tells time on core")?;
    let nanoseconds = text.split_whitespace().next().context("three numbers")?.parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// Seconds of one pass over all queries, of as many as fit.
fn per_pass(round: Duration, mut pass: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let (begun, mut passes) = (on_core()?, 0_u32);
    loop {
        pass()?;
        passes += 1;
        let took = on_core()?.saturating_sub(begun);
        if took >= round {
            return Ok(took.as_secs_f64() / f64::from(passes));
        }
    }
}

fn report(scene: &Scene, alone: &OpensslAlone, [decided, from_bytes, ready]: [f64; 3]) -> anyhow::Result<()> {
    let queries = scene.queries() as f64;
    let micros = |pass: f64| pass * 1_000_000.0 / queries;
    let mut out = std::io::stdout().lock();
    writeln!(out, "decisions: {}", scene.describe())?;
    writeln!(out, "  {:>7.1} µs each, {:>6.0} a second on one core", micros(decided), queries / decided)?;
    writeln!(
        out,
        "  OpenSSL alone, the same {} verifications and {} key agreements:",
        alone.verifications, alone.agreements
    )?;
    writeln!(out, "  {:>7.1} µs each with the points read from the messages, as they come", micros(from_bytes))?;
    writeln!(out, "  {:>7.1} µs each with every key ready beforehand", micros(ready))?;
    let (ratio, strict) = (from_bytes / decided, ready / decided);
    writeln!(out, "  ratio {ratio:.2} (keys ready: {strict:.2}); the aim is {AIM}")?;
    ensure!(ratio.is_finite() && ratio > 0.0, "nothing was measured");
    Ok(())
}

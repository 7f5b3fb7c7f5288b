//! `make bench`: exchanges a second between two gateways, beside a plain server and beside the cryptography alone.
//!
//! Everything runs on this one machine: the anchor, three gateways, PostgreSQL and the driver. Social welfare's portal asks about
//! citizens in turn, each under her own consent, every query new, first with verification caches off, then on. Guarantees: real
//! processes of the released binary over their listeners; refusals and errors are counted and shown; nothing runs on when it ends.
//! Settings by environment: `BENCH_SECONDS` (60), `BENCH_CITIZENS` (1000), `BENCH_IN_FLIGHT` (`8,32,64`).

mod asking;
mod citizens;
mod databases;
mod directory;
mod federation;
mod floor;
mod plain;
mod scene;
mod settings;

use std::{io::Write, path::Path};

use anyhow::Context;
use service_kit::clock::Clock;
use vinimay::{
    bench::{self, Answered, Machine, Party, Plan, Report, Run, bound_by, drive},
    world::Binary,
};

use crate::{databases::Databases, federation::Federation, settings::Settings};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("plain-server") {
        return plain::serve(Path::new(&arguments.next().context("plain-server needs its settings")?));
    }
    let settings = Settings::from_environment()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(&settings))
}

/// Writes a line at once: a benchmark of minutes tells how far it is.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

async fn measure(settings: &Settings) -> anyhow::Result<()> {
    let clock = Clock::system();
    say("the cryptographic operations of one exchange, alone")?;
    let floor = floor::measure(&clock, settings.cores)?;
    say(&format!("{} citizens; PostgreSQL, an anchor, three gateways", settings.citizens))?;
    let databases = tokio::task::block_in_place(|| Databases::start(settings.citizens))?;
    let folder = tempfile::tempdir()?;
    let binary = Binary::at(env!("CARGO_BIN_EXE_vinimay"));
    let federation =
        tokio::task::block_in_place(|| Federation::start(&binary, folder.path(), &databases, clock.now()))?;
    tokio::task::block_in_place(|| federation.link(settings.citizens))?;
    say("each citizen gets a binding and consents")?;
    let consents = citizens::consents(&federation, settings.citizens, &clock).await?;
    let report = Bench { clock, settings, databases, federation, consents };
    report.run(floor).await
}

/// Everything that is measured.
struct Bench<'a> {
    clock: Clock,
    settings: &'a Settings,
    databases: Databases,
    federation: Federation,
    consents: Vec<schemas::id::ConsentId>,
}

impl Bench<'_> {
    async fn run(mut self, floor: bench::Floor) -> anyhow::Result<()> {
        let in_flight = self.best_in_flight().await?;
        let caches_off = self.exchanges("caches off", self.settings.full(in_flight)).await?;
        tokio::task::block_in_place(|| self.federation.switch_caches_on())?;
        let caches_on = self.exchanges("caches on", self.settings.full(in_flight)).await?;
        let plain = self.plain(in_flight).await?;
        self.federation.stop()?;
        let bound_by = bound_by(&caches_off, self.settings.cores);
        let report = Report { citizens: self.settings.citizens, caches_off, caches_on, plain, floor, bound_by };
        say(&format!("\n{}", report.to_text()))?;
        Ok(say(&report.to_json()?)?)
    }

    /// The number of requests in flight with which short runs got most answers.
    async fn best_in_flight(&mut self) -> anyhow::Result<usize> {
        let mut best = (0.0, 1);
        for in_flight in &self.settings.in_flight {
            let run = self.exchanges("trial", self.settings.trial(*in_flight)).await?;
            say(&format!(
                "{in_flight} in flight: {:.0} a second, p50 {:.1} ms, p99 {:.1} ms",
                run.per_second, run.p50_ms, run.p99_ms
            ))?;
            best = if run.per_second > best.0 { (run.per_second, *in_flight) } else { best };
        }
        Ok(best.1)
    }

    async fn exchanges(&mut self, name: &str, plan: Plan) -> anyhow::Result<Run> {
        say(&format!("{name}: {} in flight for {} s", plan.in_flight, plan.measured.as_secs()))?;
        let asking = asking::Asking::new(&self.federation.social, &self.consents, plan.in_flight, &self.clock)?;
        let parties = self.parties()?;
        self.watched(name, plan, parties, move |number| {
            let asking = asking.clone();
            async move { asking.ask(number).await }
        })
        .await
    }

    async fn plain(&mut self, in_flight: usize) -> anyhow::Result<Run> {
        let plan = self.settings.plain(in_flight);
        say(&format!("plain server: {} in flight for {} s", plan.in_flight, plan.measured.as_secs()))?;
        let server = asking::PlainServer::start(&self.federation, &self.databases, self.settings)?;
        let asking = server.asking(&self.federation, plan.in_flight)?;
        let parties =
            vec![Party { name: "plain server".to_owned(), ids: vec![server.id()] }, self.databases.party()?, driver()];
        let run = self.watched("plain server", plan, parties, move |number| {
            let asking = asking.clone();
            async move { asking.ask(number).await }
        });
        let run = run.await?;
        server.stop()?;
        Ok(run)
    }

    fn parties(&mut self) -> anyhow::Result<Vec<Party>> {
        let mut parties = self.federation.parties()?;
        parties.extend([self.databases.party()?, driver()]);
        Ok(parties)
    }

    /// Drives, and looks at processes and machine at the beginning and the end of the window.
    async fn watched<F, A>(&self, name: &str, plan: Plan, parties: Vec<Party>, ask: F) -> anyhow::Result<Run>
    where
        F: Fn(u64) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answered> + Send + 'static,
    {
        let used = async {
            self.clock.sleep(plan.warm_up).await;
            let (machine, ended) = (Machine::now()?, bench::watch(parties)?);
            self.clock.sleep(plan.measured).await;
            anyhow::Ok((ended(plan.measured), machine.until(Machine::now()?, plan.measured)))
        };
        let (measured, used) = tokio::join!(drive(&self.clock, plan, ask), used);
        let (parties, machine) = used?;
        Ok(Run::new(name, plan.in_flight, measured, parties, machine))
    }
}

fn driver() -> Party {
    Party { name: "driver".to_owned(), ids: vec![std::process::id()] }
}

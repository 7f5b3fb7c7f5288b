//! A back-test of a whole roll in PostgreSQL, by the command that officers use: seconds, and the greatest memory of the command.
//!
//! Guarantees: the roll is a real table of the department's own database, read through the reader's role; the memory is the kernel's
//! count for the command's own process; the floor is a plain reading of the same columns, page by page, in the same run. Deliberately
//! absent: a live version beside the new one.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_types::Text};
use schemas::time::Timestamp;
use service_kit::clock::Clock;
use vinimay::bench::peak_kib;

use crate::{databases::Databases, federation::Federation};

const SCHEME: &str = include_str!("../../eligibility/samples/cg-ignoaps.toml");
/// Some draw a pension too early, some are above the line, of some it is not known.
const FILL: &str = "INSERT INTO old_age_pension
     SELECT 'P' || lpad(n::text, 9, '0'), date '1930-01-01' + ((n::bigint * 7919) % 14000)::int, CASE n % 2 WHEN 0 THEN 'female' ELSE 'male' END,
            CASE n % 97 WHEN 0 THEN '21' ELSE '22' END, (387 + n % 33)::text, (ARRAY['ST', 'SC', 'OBC', 'GEN'])[1 + n % 4],
            CASE n % 50 WHEN 0 THEN NULL WHEN 1 THEN false ELSE true END, 500, CASE n % 3 WHEN 0 THEN 'STOPPED' ELSE 'ACTIVE' END
     FROM generate_series(1, $rows) AS n;
     ANALYZE old_age_pension;
     GRANT SELECT ON old_age_pension TO bench_reader";

/// What was measured.
pub struct Tested {
    /// Rows read.
    pub people: u64,
    /// From the command's start to its end.
    pub took: Duration,
    /// Greatest memory of the command, KiB.
    pub peak_kib: u64,
    /// A plain reading of the same columns.
    pub floor: Duration,
}

/// Fills the roll and tests the pension on it.
///
/// # Errors
/// If a command refuses.
pub async fn measure(
    clock: &Clock,
    databases: &Databases,
    federation: &Federation,
    rows: u32,
    now: Timestamp,
) -> anyhow::Result<Tested> {
    databases.connect("social")?.batch_execute(&FILL.replace("$rows", &rows.to_string()))?;
    let social = &federation.social;
    let file = social.folder().join("cg-ignoaps.toml");
    std::fs::write(&file, SCHEME.replace("https://social.gov.example", social.entity().as_str()))?;
    social.command(&["scheme", "submit", &file.display().to_string()])?;
    let config = social.folder().join("gateway.toml").display().to_string();
    let day = now.civil_day().to_string();
    let test = ["gateway", "scheme", "backtest", "CG-IGNOAPS", "--roll", "social.old-age", "--as-of", &day, "--json"];
    let mut command = social.program().command(&[test.as_slice(), &["--config", &config]].concat());
    let out = social.folder().join("backtest.json");
    command.stdin(Stdio::null()).stdout(std::fs::File::create(&out)?).stderr(Stdio::inherit());
    let since = clock.monotonic();
    let mut child = command.spawn().context("the program could not be started")?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kib(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        clock.sleep(Duration::from_millis(20)).await;
    };
    let took = clock.monotonic().saturating_sub(since);
    ensure!(status.success(), "the back-test ended with {status}");
    let floor = plain_reading(clock, databases, rows)?;
    Ok(Tested { people: people(&out)?, took, peak_kib: peak, floor })
}

#[derive(diesel::QueryableByName)]
struct Entry {
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    said: String,
}

const PLAIN: &str = "SELECT pension_no AS number, concat_ws(' ', birth_date, sex, state_code, district, category, bpl, monthly, payment_status) AS said
     FROM old_age_pension WHERE pension_no > $1 ORDER BY pension_no LIMIT 1000";

/// Reads the roll and does nothing with it.
fn plain_reading(clock: &Clock, databases: &Databases, rows: u32) -> anyhow::Result<Duration> {
    let (mut conn, since) = (databases.connect("social")?, clock.monotonic());
    let (mut last, mut read) = (String::new(), 0);
    loop {
        let page: Vec<Entry> = diesel::sql_query(PLAIN).bind::<Text, _>(&last).load(&mut conn)?;
        let Some(end) = page.last() else { break };
        last.clone_from(&end.number);
        read += page.iter().filter(|entry| !entry.said.is_empty()).count();
    }
    ensure!(u32::try_from(read).is_ok_and(|read| read == rows), "{read} of {rows} rows were read");
    Ok(clock.monotonic().saturating_sub(since))
}

fn people(out: &Path) -> anyhow::Result<u64> {
    let printed: serde_json::Value = serde_json::from_slice(&std::fs::read(out)?)?;
    printed["result"]["people"].as_u64().context("the back-test looked at nobody")
}

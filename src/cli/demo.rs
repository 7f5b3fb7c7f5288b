//! `vinimay demo`: a whole federation on this machine, with a story.

use std::path::PathBuf;

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use service_kit::{clock::Clock, server::StopSignal};

use super::{
    output::{Failure, print_json, say},
    server::block_on,
};
use crate::{
    demo::{self, Federation, Options, Report},
    world::Binary,
};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  vinimay demo                 tell the story, then stay up\n  vinimay demo --once          tell the story, exit 0 if all of it held\n  vinimay demo --once --json   the same for machines"
)]
pub struct Arguments {
    /// End after the story.
    #[arg(long)]
    once: bool,
    /// One JSON document on standard output instead of lines.
    #[arg(long)]
    json: bool,
    /// Keep all files in this folder, which must be empty or missing; without it a temporary folder is removed at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many synthetic people.
    #[arg(long, default_value_t = 20_000)]
    people: u64,
    /// Seed of their generator: the same people each time.
    #[arg(long, default_value_t = 1947)]
    seed: u64,
}

/// Tells the story.
///
/// # Errors
/// At the first step that did not hold.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let (folder, temporary) = folder(arguments.data.as_deref())?;
    let options = Options {
        once: arguments.once,
        json: arguments.json,
        people: arguments.people,
        seed: arguments.seed,
        data: arguments.data,
    };
    let done = block_on(tell_and_stay(folder.clone(), &options));
    if temporary {
        // Keys and synthetic people of a demonstration that nobody asked to keep.
        let _ = std::fs::remove_dir_all(&folder);
    }
    done
}

/// The folder to work in, and whether it goes at the end.
fn folder(data: Option<&std::path::Path>) -> Result<(PathBuf, bool), Failure> {
    let usage = |text: String| Failure::new(Failure::USAGE, anyhow::anyhow!(text));
    let Some(folder) = data else {
        let folder = std::env::temp_dir().join(format!("vinimay-demo-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        return Ok((folder, true));
    };
    let occupied = folder.exists() && std::fs::read_dir(folder)?.next().is_some();
    if occupied {
        return Err(usage(format!("{} is not empty; mend: name a new folder, or remove this one", folder.display())));
    }
    std::fs::create_dir_all(folder)?;
    Ok((std::fs::canonicalize(folder)?, false))
}

async fn tell_and_stay(folder: PathBuf, options: &Options) -> anyhow::Result<()> {
    let clock = Clock::system();
    let since = clock.monotonic();
    let mut report = Report::new(options.json);
    let federation = demo::tell(Binary::current()?, folder, options, &mut report).await?;
    let seconds = clock.monotonic().saturating_sub(since).as_secs_f32();
    if options.json {
        print_json(&report)?;
    } else {
        say(&format!(
            "\nThe story took {seconds:.1} s. Anchored means: in a time-stamped checkpoint of the log; witnesses come later."
        ));
    }
    if !options.once {
        say(&addresses(&federation));
        StopSignal::listen()?.received().await;
        say("stopping");
    }
    // Dropping the servers ends them at once, as a power cut would: nothing that they acknowledged is lost by that.
    drop(federation);
    Ok(())
}

fn addresses(federation: &Federation) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "who",
        "people and wallets",
        "own systems",
        "health and metrics",
    ]);
    table.add_row(["trust anchor", federation.anchor.entity().as_str(), "", ""]);
    for (name, department) in federation.departments() {
        table.add_row([name, department.entity().as_str(), &department.local_address(0), &department.management(0)]);
    }
    let folder = federation.folder.display();
    let vinimay = federation.binary.path().display();
    format!(
        "\n{table}\n\nWhat to try next (press Ctrl-C to stop; everything is under {folder}):\n  \
         {vinimay} audit verify {folder}/bundles/exchange.json --trust {folder}/anchor/data/trust-root.json --level evidence\n  \
         {vinimay} wallet --home {folder}/wallet history\n  \
         {vinimay} anchor log fsck --config {folder}/anchor/anchor.toml\n  \
         sqlite3 {folder}/databases/social.sqlite \"select * from vinimay_journal\""
    )
}

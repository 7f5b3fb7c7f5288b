//! `vinimay wallet`: a citizen's wallet on the command line.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use protocol::{
    bundle::{Finding, Verdict},
    credential::card::Language,
};
use schemas::{
    benefits::BenefitAnswer,
    consent::OrderAction,
    id::{ConsentId, EntityId, KeyId, MessageId},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::json;
use service_kit::{clock::Clock, http_client::NetworkPolicy};
use url::Url;

use super::{
    output::{Failure, print, print_json, say},
    server::block_on,
};
use crate::{
    audit,
    wallet::{self, Compared, Federation, Home, Ordered, Settings},
};

/// Arguments of `wallet`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The wallet's folder; its keys stand there in files that only this user can read.
    #[arg(long, value_name = "DIR", env = "VINIMAY_WALLET_HOME", default_value = "wallet")]
    home: PathBuf,
    /// One JSON document on standard output.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  vinimay wallet init --anchor https://anchor.gov.example --fingerprint 8Jx…   pin the federation
  vinimay wallet bind 'openid-credential-offer://…' --tx-code-file code.txt    redeem an invitation
  vinimay wallet show 'openid4vp://…' --lang en                                read what a department asks
  vinimay wallet grant 'openid4vp://…'                                         consent to it
  vinimay wallet revoke urn:uuid:0193…                                         end a consent
  vinimay wallet history                                                       who used my data
  vinimay wallet benefits                                                      what was decided about me, and why
  vinimay wallet build check https://wallet.example                            is the web wallet there the one that was logged?

Exit codes: 0 yes, 1 refused, 2 usage, 3 a party did not answer, 4 not to be trusted.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a wallet that pins a federation; the fingerprint must come by another way than the network.
    Init {
        /// The trust anchor's entity id.
        #[arg(long)]
        anchor: EntityId,
        /// Thumbprint of its federation key, as the authority gave it on paper.
        // One thumbprint in 64 begins with a hyphen.
        #[arg(long, allow_hyphen_values = true)]
        fingerprint: KeyId,
        /// A private network to which the wallet may connect, such as 10.20.0.0/16.
        #[arg(long = "allow-network", value_name = "CIDR")]
        allow_networks: Vec<String>,
    },
    /// Redeem an invitation of the identity registry.
    Bind {
        /// The offer: openid-credential-offer://…
        offer: String,
        /// A file with the transaction code that came by another way.
        #[arg(long, value_name = "FILE")]
        tx_code_file: PathBuf,
    },
    /// Show what a department asks.
    Show(Request),
    /// Consent to what a department asks.
    Grant {
        #[command(flatten)]
        request: Request,
        /// Decide for a ward: her given name, or the longer name that `wards` shows.
        #[arg(long, value_name = "NAME")]
        ward: Option<String>,
    },
    /// For whom I may decide besides myself.
    Wards,
    /// Say no to what a department asks.
    Deny(Request),
    /// End a consent for good.
    Revoke {
        /// The consent.
        consent: ConsentId,
    },
    /// Stop a consent for now.
    Pause {
        /// The consent.
        consent: ConsentId,
    },
    /// Let a paused consent go on.
    Resume {
        /// The consent.
        consent: ConsentId,
    },
    /// End a consent earlier.
    Shorten {
        /// The consent.
        consent: ConsentId,
        /// The new end, such as 2026-12-31T18:30:00Z.
        #[arg(long)]
        until: Timestamp,
    },
    /// Who used my data.
    History,
    /// What departments decided about me and why, and what is offered.
    Benefits,
    /// Take what is offered.
    Accept {
        /// The decision, as `benefits` shows it.
        decision: MessageId,
    },
    /// Not take what is offered, or leave what a law entered me in.
    Decline {
        /// The decision, as `benefits` shows it.
        decision: MessageId,
    },
    /// Object to a removal. The number of the slip is printed; the signed record stands in `--json`.
    Object {
        /// The decision, as `benefits` shows it.
        decision: MessageId,
        /// A file with my words, at most 2,000 characters: arguments can be read by others on this machine. May be left out.
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
    },
    /// Write everything that the wallet knows, with the evidence of each use, into a file to keep.
    Export {
        /// A file that does not exist yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// A web wallet against the record of its build in the log.
    Build {
        #[command(subcommand)]
        command: Build,
    },
    /// End the bindings of my other phones, such as a lost one.
    Replace {
        /// End this wallet's too.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Build {
    /// Read every file that an origin serves, and compare them with the record that the identity registry signed and the log holds.
    Check {
        /// The wallet's origin, such as https://wallet.example.
        origin: Url,
        /// Keep the evidence, for `compare` and `vinimay audit verify`; a file that does not exist yet.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Compare a folder with evidence that was kept, off line: such as a build that one made oneself from the source.
    Compare {
        /// What `check --out` wrote, or the origin's /build-evidence.json.
        evidence: PathBuf,
        /// The folder with the built wallet.
        #[arg(long, value_name = "DIR")]
        files: PathBuf,
        /// The pinned trust root; without it, that of this wallet.
        #[arg(long, value_name = "ROOT")]
        trust: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct Request {
    /// The link: openid4vp://…
    link: String,
    /// The language of the card: hi or en.
    #[arg(long, default_value = "hi")]
    lang: Language,
}

/// Does what the arguments say.
///
/// # Errors
/// With the mend.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { home, json, command } = arguments;
    let wallet = Wallet { home: Home::at(home), json };
    // A failure of the wallet has its own exit code, which passes through the runtime as a value.
    block_on(async move { Ok(wallet.run(command).await) })?
}

struct Wallet {
    home: Home,
    json: bool,
}

impl Wallet {
    async fn run(&self, command: Command) -> Result<(), Failure> {
        match command {
            Command::Init { anchor, fingerprint, allow_networks } => {
                self.init(&anchor, &fingerprint, allow_networks).await
            }
            Command::Bind { offer, tx_code_file } => self.bind(&offer, &tx_code_file).await,
            Command::Show(request) => self.show(&request).await,
            Command::Grant { request, ward } => self.grant(&request, ward.as_deref()).await,
            Command::Wards => self.wards().await,
            Command::Export { out } => self.export(&out).await,
            Command::Replace { all } => self.replace(all).await,
            Command::Build { command: Build::Check { origin, out } } => self.check_build(&origin, out.as_deref()).await,
            Command::Build { command: Build::Compare { evidence, files, trust } } => {
                self.compare_build(&evidence, &files, trust.as_deref())
            }
            Command::Deny(request) => self.deny(&request).await,
            Command::Revoke { consent } => self.order(&consent, OrderAction::Revoke, None).await,
            Command::Pause { consent } => self.order(&consent, OrderAction::Pause, None).await,
            Command::Resume { consent } => self.order(&consent, OrderAction::Resume, None).await,
            Command::Shorten { consent, until } => self.order(&consent, OrderAction::Shorten, Some(until)).await,
            Command::History => self.history().await,
            Command::Benefits => self.benefits().await,
            Command::Accept { decision } => self.answer(&decision, BenefitAnswer::Accept).await,
            Command::Object { decision, words_file } => self.object(&decision, words_file.as_deref()).await,
            Command::Decline { decision } => self.answer(&decision, BenefitAnswer::Decline).await,
        }
    }

    async fn init(&self, anchor: &EntityId, fingerprint: &KeyId, allow_networks: Vec<String>) -> Result<(), Failure> {
        let networks = NetworkPolicy::parse(allow_networks.iter().map(String::as_str));
        let networks =
            networks.map_err(|problem| Failure::new(Failure::USAGE, anyhow!("--allow-network: {problem}")))?;
        let root = wallet::pin(anchor, fingerprint, networks, Clock::system().now()).await?;
        self.home.create(&Settings { root: root.clone(), allow_networks })?;
        self.tell(
            &json!({ "anchor": root.entity, "fingerprint": root.fingerprint }),
            &format!("the wallet pins {anchor}"),
        )
    }

    /// Opens the federation and sends what has not reached its party yet.
    async fn federation(&self) -> Result<Federation, Failure> {
        let federation = Federation::open(&self.home.settings()?, Clock::system().now()).await?;
        let waiting = wallet::retry_pending(&self.home, &federation).await?;
        if waiting > 0 {
            say(&format!("{waiting} deliveries of your orders still wait for a department that does not answer"));
        }
        Ok(federation)
    }

    async fn bind(&self, offer: &str, tx_code_file: &PathBuf) -> Result<(), Failure> {
        let tx_code = std::fs::read_to_string(tx_code_file)
            .map_err(|error| Failure::new(Failure::USAGE, anyhow!("{}: {error}", tx_code_file.display())))?;
        let bound = wallet::bind(&self.home, &self.federation().await?, offer, &tx_code).await?;
        self.tell(&bound, &format!("{} keys are bound by {}", bound.bindings, bound.registry))
    }

    async fn show(&self, request: &Request) -> Result<(), Failure> {
        let card = wallet::show(&self.home, &self.federation().await?, &request.link, request.lang).await?;
        self.tell(&card, card.text.trim_end())
    }

    async fn wards(&self) -> Result<(), Failure> {
        let found = wallet::wards(&self.home, &self.federation().await?).await?;
        let lines: Vec<String> = found.wards.iter().map(|(name, long)| format!("{name}  {long}")).collect();
        self.tell(&found, &lines.join("\n"))
    }

    async fn export(&self, out: &Path) -> Result<(), Failure> {
        let written = wallet::export(&self.home, &self.federation().await?, out, &Clock::system()).await?;
        let words = format!(
            "{} consents, {} uses, {} with evidence: {}",
            written.consents,
            written.uses,
            written.bundles,
            out.display()
        );
        self.tell(&written, &words)?;
        if written.missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Failure::UNKNOWN, anyhow!("not everything could be had: {}", written.missing.join("; "))))
    }

    async fn replace(&self, all: bool) -> Result<(), Failure> {
        let revoked = wallet::replace(&self.home, &self.federation().await?, all).await?;
        self.tell(&revoked, &format!("{} bindings have ended", revoked.revoked))
    }

    async fn check_build(&self, origin: &Url, out: Option<&Path>) -> Result<(), Failure> {
        let federation = Federation::open(&self.home.settings()?, Clock::system().now()).await?;
        let (compared, evidence) = wallet::check_served(&federation, origin).await?;
        if let Some(out) = out {
            keep(out, &evidence)?;
        }
        self.tell_build(&compared)
    }

    fn compare_build(&self, evidence: &Path, files: &Path, trust: Option<&Path>) -> Result<(), Failure> {
        let usage = |error| Failure::new(Failure::USAGE, error);
        let root = match trust {
            Some(file) => audit::read_root(file).map_err(usage)?,
            None => self.home.settings()?.root,
        };
        let evidence = audit::read_bundle(evidence).map_err(usage)?;
        self.tell_build(&wallet::check_folder(files, &evidence, &root, Clock::system().now())?)
    }

    fn tell_build(&self, compared: &Compared) -> Result<(), Failure> {
        let Compared { build, files, registry, verdict, report } = compared;
        let signed = registry.as_ref().map_or_else(String::new, |(registry, at)| {
            format!(", signed by {registry} at {}", Timestamp::from_numeric(*at))
        });
        let word = if *verdict == Verdict::Trusted { "the logged build" } else { "NOT KNOWN AS the logged build" };
        self.tell(compared, &format!("{build}, {files} files: {word}{signed}"))?;
        if *verdict == Verdict::Trusted {
            return Ok(());
        }
        for check in report.checks.iter().filter(|check| check.finding != Finding::Passed) {
            say(audit::finding_line(check).trim_start());
        }
        Err(Failure::new(verdict.exit_code(), anyhow!("the record of the build does not hold")))
    }

    async fn grant(&self, request: &Request, ward: Option<&str>) -> Result<(), Failure> {
        let granted = wallet::grant(&self.home, &self.federation().await?, &request.link, request.lang, ward).await?;
        let consents: Vec<&str> = granted.consents.iter().map(ConsentId::as_str).collect();
        self.tell(&granted, &format!("{}\n{}", granted.text.trim_end(), consents.join("\n")))
    }

    async fn deny(&self, request: &Request) -> Result<(), Failure> {
        let consumer = wallet::deny(&self.home, &self.federation().await?, &request.link, request.lang).await?;
        self.tell(&json!({ "denied": consumer }), &format!("{consumer} was told no"))
    }

    async fn order(&self, consent: &ConsentId, action: OrderAction, until: Option<Timestamp>) -> Result<(), Failure> {
        let ordered = wallet::order(&self.home, &self.federation().await?, consent, action, until).await?;
        self.tell(&ordered, &spelled_out(&ordered))?;
        if !ordered.refused.is_empty() {
            return Err(Failure::new(Failure::NO, anyhow!("{}", ordered.refused.join("; "))));
        }
        if ordered.pending.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            Failure::UNKNOWN,
            anyhow!("not every party answered; mend: any later wallet command tries again"),
        ))
    }

    async fn history(&self) -> Result<(), Failure> {
        let told = wallet::history(&self.home, &self.federation().await?).await?;
        if self.json {
            print_json(&told.histories)?;
        } else {
            for history in &told.histories {
                for used in &history.uses {
                    let fields: Vec<&str> = used.fields.iter().map(|field| field.as_str()).collect();
                    print(&format!(
                        "{}  {} with {}: {} {} for {}, {}{}",
                        used.at,
                        history.member,
                        used.peer,
                        used.dataset,
                        fields.join(", "),
                        used.purpose,
                        used.refusal
                            .map_or_else(|| format!("{:?}", used.outcome).to_lowercase(), |code| code.to_string()),
                        used.assisted
                            .as_ref()
                            .map_or_else(String::new, |who| format!(", consent given with the help of {who}")),
                    ))?;
                }
            }
        }
        if told.missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Failure::UNKNOWN, anyhow!("not every department answered: {}", told.missing.join("; "))))
    }

    async fn benefits(&self) -> Result<(), Failure> {
        let found = wallet::benefits(&self.home, &self.federation().await?).await?;
        if self.json {
            print_json(&found.departments)?;
        } else {
            for told in &found.departments {
                for view in &told.decisions {
                    let why = view.why.get("en").map(String::as_str).unwrap_or_default();
                    print(&format!("{}  {}: {why}", view.decision, told.member))?;
                }
            }
        }
        if !found.unbelieved.is_empty() {
            return Err(Failure::new(Failure::TRUST, anyhow!("{}", found.unbelieved.join("; "))));
        }
        if found.missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Failure::UNKNOWN, anyhow!("not every department answered: {}", found.missing.join("; "))))
    }

    async fn answer(&self, decision: &MessageId, answer: BenefitAnswer) -> Result<(), Failure> {
        let answered = wallet::answer(&self.home, &self.federation().await?, decision, answer).await?;
        self.tell(&answered, &format!("{} took the answer", answered.department))
    }

    async fn object(&self, decision: &MessageId, words_file: Option<&Path>) -> Result<(), Failure> {
        let words = words_file.map(|file| {
            let read = std::fs::read_to_string(file);
            read.map_err(|error| {
                let problem = anyhow!("{}: {error}; mend: name a file in UTF-8", file.display());
                Failure::new(Failure::USAGE, problem)
            })
        });
        let words = words.transpose()?.unwrap_or_default();
        let taken = wallet::object(&self.home, &self.federation().await?, decision, words.trim()).await?;
        self.tell(
            &taken,
            &format!("{} took it; slip {}, case {}", taken.department, taken.taken.slip, taken.taken.case),
        )
    }

    fn tell(&self, data: &impl Serialize, words: &str) -> Result<(), Failure> {
        if self.json { Ok(print_json(data)?) } else { Ok(print(words)?) }
    }
}

/// Writes a file that was not there.
fn keep(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(Failure::USAGE, anyhow!("{}: {error}", file.display()));
    let mut new = std::fs::File::create_new(file).map_err(failed)?;
    new.write_all(bytes).map_err(failed)
}

fn spelled_out(ordered: &Ordered) -> String {
    let list = |parties: &[EntityId]| parties.iter().map(EntityId::as_str).collect::<Vec<_>>().join(", ");
    let mut text = format!("acknowledged by {}", list(&ordered.acknowledged));
    if !ordered.pending.is_empty() {
        text.push_str(&format!("\npending: {}", list(&ordered.pending)));
    }
    text
}

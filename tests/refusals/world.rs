//! The federation of the demonstration with one more member, which is suspended, and a citizen of the test's own.

use std::collections::BTreeMap;

use protocol::credential::vc::ConsentDraft;
use schemas::time::Timestamp;
use service_kit::clock::Clock;
use tempfile::TempDir;
use vinimay::{
    demo::{Federation, Options, PENSION_PURPOSE, Variation},
    world::{Addresses, Binary, Department, DepartmentPlan, Store},
};

use crate::{
    rogue::{Asker, Citizen, Heard, PATIENCE, PeerDoor, Traces, until, waiting},
    support::binary,
};

/// Enough people that every role of the cast is filled.
const PEOPLE: u64 = 3_000;

/// Callers of the provider's peer listener, by place.
pub const FOOD: usize = 1;
pub const SUSPENDED: usize = 2;

pub struct World {
    pub federation: Federation,
    /// Who may call, with its certificate: social welfare first.
    pub callers: Vec<(Asker, PeerDoor)>,
    pub citizen: Citizen,
    pub clock: Clock,
    pub folder: TempDir,
    pub suspended: Department,
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(binary(), Clock::system()).await
    }

    /// With processes that read the clock that the test holds.
    pub async fn start_with(binary: Binary, clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { people: PEOPLE, ..Options::default() };
        let mut variation = Variation::default();
        variation.laws.push_str(super::laws::REGISTERED);
        variation.purposes = super::emergencies::with_names(&variation.purposes);
        // The directory is read each second, so that nobody waits a minute for what a jump of the clock made old.
        let refresh = "\n[anchor]\nrefresh = 1\n";
        variation.more = ["civil", "revenue", "food"].map(|name| (name, refresh.to_owned())).into();
        variation.more.insert("social", format!("{refresh}{}", clerk(&folder, clock.now())));
        let mut federation =
            Federation::set_up_as(binary.clone(), folder.path(), &options, &variation, clock.now()).unwrap();
        let suspended = health(&binary, &folder, &variation.addresses, clock.now());
        suspended.join(&federation.anchor).unwrap();
        federation.anchor.command(&["member", "suspend", suspended.entity().as_str()]).unwrap();
        federation.start().unwrap();
        link(&federation, "revenue");
        let applicant = federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
        let citizen = Citizen::bind(&federation, &applicant, 4, clock.now()).await;
        let of = |caller: &Department| (Asker::of(caller), PeerDoor::of(&federation.revenue, caller));
        let callers = vec![of(&federation.social), of(&federation.food), of(&suspended)];
        let world = Self { callers, citizen, clock, folder, suspended, federation };
        // The seeding run above left a receipt that goes back to the registry.
        world.nothing_is_on_its_way().await;
        world
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A consent that revenue will honour for social welfare.
    pub fn draft(&self, now: Timestamp) -> ConsentDraft {
        self.citizen.draft(self.federation.social.entity(), self.federation.revenue.entity(), now)
    }

    /// A good query is answered: one use, one read, and its rows.
    pub async fn is_good(&self, when: &str) {
        self.nothing_is_on_its_way().await;
        let before = Traces::of(&self.federation.revenue);
        let heard = super::Attempt::new(self).send().await;
        assert_eq!(heard, Heard::Answered, "a good query, {when}");
        let after = Traces::of(&self.federation.revenue);
        let tables = ["consent_state", "exchange_claim", "receipt", "stored_answer"].map(|table| (table.to_owned(), 1));
        assert_eq!(after.since(&before), BTreeMap::from(tables), "what a good query leaves, {when}");
        assert_eq!((after.uses - before.uses, after.logged - before.logged), (1, 1), "{when}");
        assert!(after.statements > before.statements, "a good query reads, {when}");
    }

    /// Waits until nothing waits for the log; the log's size then, and how many entries the departments count.
    pub async fn everything_is_logged(&self) -> (u64, i64) {
        let departments = self.federation.departments().map(|(_, department)| department);
        let counted = || -> i64 { departments.iter().map(|department| Traces::of(department).logged).sum() };
        let mut found = (0, 0);
        // A receipt on its way back becomes an entry elsewhere: both numbers must be of one quiet moment.
        until(&self.clock, PATIENCE, "all outboxes are empty, and stay so while one counts", async || {
            self.nothing_is_on_its_way().await;
            let before = counted();
            let empty = departments.iter().all(|department| waiting(department) == 0);
            found = (self.log_size(), before);
            empty && counted() == before
        })
        .await;
        found
    }

    /// Waits until every receipt that a department owes another has been given back: it becomes a row there at its own pace.
    pub async fn nothing_is_on_its_way(&self) {
        let departments = self.federation.departments().map(|(_, department)| department);
        until(&self.clock, PATIENCE, "all receipts are given back", async || {
            departments
                .iter()
                .all(|department| Traces::of(department).rows.get("receipt_return").is_none_or(|n| *n == 0))
        })
        .await;
    }

    pub fn log_size(&self) -> u64 {
        self.federation.anchor.command(&["log", "size"]).unwrap().trim().parse().unwrap()
    }
}

/// A member that joins and is suspended: health, with the role that social welfare has.
fn health(binary: &Binary, folder: &TempDir, addresses: &Addresses, now: Timestamp) -> Department {
    let plan = DepartmentPlan {
        name: "health",
        title: BTreeMap::from([("en", "Health"), ("hi", "स्वास्थ्य")]),
        roles: vec!["consumer:social".parse().unwrap()],
        source: None,
        writes: false,
        store: Store::Sqlite,
        names_people_of: Vec::new(),
        purposes: Vec::new(),
        more: String::new(),
    };
    Department::init(binary, &folder.path().join("health"), addresses, &plan, 1, now).unwrap()
}

/// One more system of social welfare: it may read evidence and ask in batches, and nothing else.
fn clerk(folder: &TempDir, now: Timestamp) -> String {
    let identity = protocol::seal::certificate::TlsIdentity::self_signed(
        "clerk",
        &["localhost".parse().unwrap()],
        now.plus(-60),
        now.plus(7_776_000),
    )
    .unwrap();
    let (certificate, key) = (folder.path().join("clerk.pem"), folder.path().join("clerk.key.pem"));
    std::fs::write(&certificate, identity.certificate().to_pem().unwrap()).unwrap();
    service_kit::secret::SecretFile::write(&key, &identity.key_to_pem().unwrap()).unwrap();
    format!(
        "\n[[systems]]\nname = \"clerk\"\ncertificate_file = {:?}\nmay = [\"audit\", \"batch\"]\npurposes = [\"{PENSION_PURPOSE}\"]\n",
        certificate.display().to_string()
    )
}

/// The seeding run that a law allows: a department learns which of its people the registry names how.
pub fn link(federation: &Federation, name: &str) {
    let (_, department) = federation.departments().into_iter().find(|(n, _)| *n == name).unwrap();
    let file = federation.folder.join(format!("subjects-{name}")).display().to_string();
    let law = format!("cg-seeding-2026-{name}");
    federation
        .civil
        .command(&["subjects", "export", "--for", department.entity().as_str(), "--law", &law, "--out", &file])
        .unwrap();
    department.command(&["link", "seed", &file]).unwrap();
}

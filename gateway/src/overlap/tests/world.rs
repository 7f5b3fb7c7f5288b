//! A pension department and a food department, each with a roll that holds numbers of ration cards, under several laws.

use protocol::{
    exchange::Attested,
    overlap::{Asking, Context, Party, accept_result},
    seal::random,
};
use protocol_testing::name;
use schemas::{
    federation::{AllowedData, Law, LawQuota, RegisterContent, Standing},
    id::MessageId,
    overlap::{Overlap, OverlapResult, OverlapSays, OverlapStep, OverlapTerms},
    problem::{Code, Problem},
};
use service_kit::clock::Clock;

use crate::{
    app::App,
    clients::peer::peers_address,
    configuration::path,
    exchange::testing::federation::{Engine, department},
    overlap::{OVERLAP, Order},
    run::{self, Running},
    store::{
        overlap::{OverlapKey, Side},
        testing::rows,
    },
    testing::{Source, TestAnchor, TestDepartment},
};

/// Two on one card, one held, one removed, one without a card, one that the other does not have.
const SOCIAL: Source = Source {
    sql: "CREATE TABLE pension (ppo_no INTEGER PRIMARY KEY, person_no TEXT NOT NULL, status TEXT NOT NULL, card_no TEXT);
          INSERT INTO pension VALUES (1, 'P-1', 'ACTIVE', 'cg-100'), (2, 'P-2', 'ACTIVE', 'CG 100'), (3, 'P-3', 'HOLD', 'CG-200'),
              (4, 'P-4', 'REMOVED', 'CG-300'), (5, 'P-5', 'ACTIVE', NULL), (6, 'P-6', 'ACTIVE', 'CG-CANARY-OURS');",
    mapping: r#"
[source]
kind = "sqlite"
[[roll]]
id = "social.pension"
table = "pension"
key = "ppo_no"
subject_key = "person_no"
status = "status"
active = "ACTIVE"
held = "HOLD"
removed = "REMOVED"
[roll.overlap]
ration_card = "card_no"
"#,
};

const FOOD: Source = Source {
    sql: "CREATE TABLE card (id INTEGER PRIMARY KEY, number TEXT NOT NULL, state TEXT NOT NULL, holder TEXT NOT NULL);
          INSERT INTO card VALUES (1, 'CG100', 'OPEN', 'H-1'), (2, 'CG-200', 'OPEN', 'H-2'), (3, 'CG-300', 'OPEN', 'H-3'),
              (4, 'CG-400', 'CLOSED', 'H-4'), (5, 'CG-CANARY-THEIRS', 'OPEN', 'H-5');",
    mapping: r#"
[source]
kind = "sqlite"
[[roll]]
id = "food.ration-card"
table = "card"
key = "id"
subject_key = "holder"
status = "state"
active = "OPEN"
held = "STOPPED"
[roll.overlap]
ration_card = "number"
"#,
};

/// The law under which everything is as it should be.
pub const LAW: &str = "nfsa-2013-s12";
pub const PURPOSE: &str = "social.pension.overlap";

pub struct World {
    pub social: App,
    pub food: Running,
    pub anchor: TestAnchor,
    social_department: TestDepartment,
    food_department: TestDepartment,
}

impl World {
    pub async fn new() -> Self {
        let (clock, sqlite) = (Clock::default(), Engine::Sqlite);
        let anchor = TestAnchor::start(&clock);
        let food = department(&anchor, ("food", &["provider"]), Some(&FOOD), "", sqlite).await;
        let social = department(&anchor, ("social", &["consumer:social"]), Some(&SOCIAL), "", sqlite).await;
        let (asker, answerer) = (social.open(), food.open());
        register(&anchor, [&asker, &answerer]);
        for app in [&asker, &answerer] {
            app.refresh_directory().await.unwrap();
        }
        let running = run::start(food.config(), food.clock.clone(), None).await.unwrap();
        running.app().refresh_directory().await.unwrap();
        Self { social: asker, food: running, anchor, social_department: social, food_department: food }
    }

    pub fn food(&self) -> &App {
        self.food.app()
    }

    pub fn order(&self, law: &str) -> Order {
        Order {
            with: self.food().entity().clone(),
            law: name(law),
            roll: name("social.pension"),
            identifier: None,
            officer: name("officer-7"),
            case: name("SW-2026-118"),
        }
    }

    pub fn terms(&self, people: u32) -> OverlapTerms {
        OverlapTerms {
            law: name(LAW),
            purpose: name(PURPOSE),
            identifier: name("ration_card"),
            roll: name("social.pension"),
            of: name("food.ration-card"),
            people,
            officer: name("officer-7"),
            case: name("SW-2026-118"),
        }
    }

    pub fn key(&self, side: Side, comparison: &MessageId) -> OverlapKey {
        let peer = match side {
            Side::Asker => self.food().entity(),
            Side::Answerer => self.social.entity(),
        };
        OverlapKey { side, peer: peer.clone(), comparison: comparison.clone() }
    }

    pub fn party(&self) -> Party<'_> {
        Party { entity: self.social.entity(), signing: &self.social.keys().signing, peer: self.food().entity() }
    }

    /// Signs the first message of a comparison, as the pension department's gateway would.
    pub fn begin(&self, terms: OverlapTerms) -> Attested<Overlap> {
        let now = self.social.now();
        self.party().message(&random::message_id(now), OverlapStep::Begin(terms), now).unwrap()
    }

    /// Sends any bytes over the connection of the pension department.
    pub async fn post(&self, message: &[u8]) -> Result<Vec<u8>, Code> {
        let directory = self.social.directory();
        let member = directory.members().member(self.food().entity()).unwrap();
        let address = peers_address(member, path::OVERLAPS).unwrap();
        let client = self.social.peer_client(self.food().entity()).unwrap();
        let reply = client.post(&address, OVERLAP, message.to_vec()).await.unwrap();
        if reply.status == 200 {
            return Ok(reply.body);
        }
        Err(serde_json::from_slice::<Problem>(&reply.body).unwrap().code)
    }

    /// Sends a message; what is said to it, verified.
    pub async fn says(&self, begin: &Attested<Overlap>, message: &Attested<Overlap>) -> Result<OverlapSays, Code> {
        let body = self.post(message.jws().as_str().as_bytes()).await?;
        let directory = self.social.directory();
        let member = directory.members().member(self.food().entity()).unwrap();
        let about = (&begin.claims().comparison, begin.digest());
        let said: Attested<OverlapResult> = accept_result(&body, member, self.social.entity(), about).unwrap();
        Ok(said.into_parts().0.says)
    }

    /// A comparison that began, of these identifiers, as somebody who has the department's keys can make it.
    pub async fn begun(&self, identifiers: &[&str]) -> (Attested<Overlap>, Asking<()>) {
        let people = identifiers.iter().map(|identifier| ((), identifier.as_bytes().to_vec())).collect();
        let begin = self.begin(self.terms(u32::try_from(identifiers.len()).unwrap()));
        let Ok(OverlapSays::Accepted { people: theirs }) = self.says(&begin, &begin).await else {
            panic!("it is accepted")
        };
        let context = Context::new(&name(LAW), [self.social.entity(), self.food().entity()], &begin.digest());
        (begin, Asking::begin(context, people, theirs).unwrap())
    }

    pub fn step(&self, begin: &Attested<Overlap>, step: OverlapStep) -> Attested<Overlap> {
        self.party().message(&begin.claims().comparison, step, self.social.now()).unwrap()
    }

    pub async fn stands(&self, standing: Standing) {
        {
            let mut state = self.anchor.state();
            let entry = state.members.get_mut(self.social.entity()).unwrap();
            (entry.standing, entry.changed) = (standing, true);
        }
        self.food().refresh_directory().await.unwrap();
    }

    /// Every byte that both gateways keep of their own.
    pub fn kept(&self) -> Vec<u8> {
        let files = ["gateway.sqlite", "gateway.sqlite-wal"];
        let folders = [&self.social_department, &self.food_department];
        let bytes = folders.iter().flat_map(|folder| files.map(|file| folder.path(file)));
        bytes.flat_map(|path| std::fs::read(path).unwrap_or_default()).collect()
    }

    /// Every row of both departments' own tables.
    pub fn rolls(&self) -> [String; 2] {
        let dump = |department: &TestDepartment, table: &str, columns: &str| {
            use diesel::{
                Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query, sql_types::Text,
            };
            #[derive(QueryableByName)]
            struct Row {
                #[diesel(sql_type = Text)]
                text: String,
            }
            let file = department.path("source.sqlite").display().to_string();
            let mut conn = SqliteConnection::establish(&file).unwrap();
            let sql = format!("SELECT CAST(group_concat({columns}, ';') AS TEXT) AS text FROM {table}");
            sql_query(sql).load::<Row>(&mut conn).unwrap().remove(0).text
        };
        [
            dump(&self.social_department, "pension", "ppo_no || person_no || status || coalesce(card_no, '-')"),
            dump(&self.food_department, "card", "id || number || state || holder"),
        ]
    }

    pub async fn close(self) {
        self.food.stop().await.unwrap();
    }
}

/// Rows of a table of a gateway's own.
pub async fn count(app: &App, table: &'static str) -> i64 {
    app.db().read(move |conn| rows(conn, table)).await.unwrap()
}

/// The good law and those that each lack one thing.
fn register(anchor: &TestAnchor, [social, food]: [&App; 2]) {
    let now = social.now();
    let (mut purpose, mut law) = (protocol_testing::purpose(), protocol_testing::law());
    let allowed = |dataset: &str, fields: &[&str]| AllowedData {
        dataset: name(dataset),
        fields: fields.iter().map(|field| name(field)).collect(),
    };
    let cards = allowed("food.ration-card.overlap", &["ration_card", "voter_id"]);
    purpose.code = name(PURPOSE);
    purpose.allowed = vec![cards, allowed("food.kerosene.overlap", &["ration_card"])];
    (law.id, law.purpose) = (name(LAW), name(PURPOSE));
    (law.consumer, law.provider) = (social.entity().clone(), food.entity().clone());
    law.allowed = allowed("food.ration-card.overlap", &["ration_card"]);
    law.quota = LawQuota { per_day: 1_000, per_officer: 500, per_subject: 0 };
    let of = |id: &str, bend: &dyn Fn(&mut Law)| {
        let mut bent = Law { id: name(id), ..law.clone() };
        bend(&mut bent);
        bent
    };
    let laws = vec![
        of("for-queries", &|law| law.allowed.dataset = name("food.ration-card")),
        of("of-others", &|law| std::mem::swap(&mut law.consumer, &mut law.provider)),
        of("small", &|law| law.quota.per_day = 3),
        of("kerosene", &|law| law.allowed = allowed("food.kerosene.overlap", &["ration_card"])),
        of("voters", &|law| law.allowed = allowed("food.ration-card.overlap", &["voter_id"])),
        law.clone(),
    ];
    anchor.register(1, &RegisterContent::Purposes(vec![purpose]), now);
    anchor.register(1, &RegisterContent::Laws(laws), now);
}

//! A mother consents for her child, as the register of residents says that she may.

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use serde_json::json;

use super::{USAGE, Wallet, ask_about, ask_for, query_for};
use crate::ready::Ready;

/// Residents' own table says who is whose mother.
const GUARDIANS: &str = "\n[guardians]\ntable = \"residents\"\nward = \"resident_no\"\nguardian = \"mother_no\"\n";

#[derive(QueryableByName)]
pub struct Family {
    /// The mother's number in the register of residents.
    #[diesel(sql_type = Text)]
    pub mother: String,
    /// The child's given name.
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// Without the name of her child she decides for herself; with it, about the child's row, and only what she allowed.
pub(super) async fn a_mother_decides_for_her_child(ready: &mut Ready) {
    let family = family(ready);
    open_the_register_of_guardians(ready);
    let mother = Wallet::bound(ready, "mother", &family.mother).await;
    let wards = mother.json(&["wards"]);
    assert_eq!(wards["wards"].as_array().unwrap().len(), 1, "{wards}");
    assert_eq!(wards["wards"][0][0], family.name.as_str());
    let item =
        json!({ "provider": ready.federation.food.entity(), "dataset": "food.household", "fields": ["category"] });
    let twice = json!({ "mode": "recurring", "maxUses": 2 });
    let own = ask_for(ready, &item, &twice).await;
    let for_ward = mother.fails(USAGE, &["grant", &own.link, "--ward", &family.name]);
    assert!(for_ward.contains("asks about yourself"), "{for_ward}");
    let asked = ask_about(ready, &item, &twice, true).await;
    assert!(mother.fails(USAGE, &["grant", &asked.link]).contains("asks about a ward"));
    let stranger = mother.fails(USAGE, &["grant", &asked.link, "--ward", "Nobody"]);
    assert!(stranger.contains("names no ward Nobody"), "{stranger}");
    let granted = mother.grants(&[&asked.link, "--ward", &family.name]);
    let (status, answered) = query_for(ready, &granted, "category").await;
    assert_eq!(status, 200, "{answered}");
    let rows = answered["record"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{answered}");
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["category"], "what she allowed and nothing beside it");
    let (status, refused) = query_for(ready, &granted, "bpl").await;
    assert_eq!((status, &refused["code"]), (403, &json!("consent-scope-exceeded")));
}

/// The first mother of one child who is under age and in the register of ration cards, where nobody has the child's name and birthday
/// besides.
pub fn family(ready: &Ready) -> Family {
    let databases = &ready.federation.databases;
    let mut conn = SqliteConnection::establish(&databases.civil.display().to_string()).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    sql_query(format!("ATTACH DATABASE '{}' AS food", databases.food.display())).execute(&mut conn).unwrap();
    sql_query(
        "SELECT m.resident_no AS mother, c.given_name AS name FROM residents c \
         JOIN residents m ON m.resident_no = c.mother_no \
         WHERE m.alive = 1 AND c.alive = 1 AND m.dob_precision = 'day' AND c.dob_precision = 'day' \
         AND c.date_of_birth > '2012-01-01' AND c.family_name IS NOT NULL \
         AND (SELECT count(*) FROM residents o WHERE o.mother_no = m.resident_no) = 1 \
         AND (SELECT count(*) FROM residents o WHERE o.given_name = c.given_name AND o.date_of_birth = c.date_of_birth) = 1 \
         AND (SELECT count(*) FROM food.ration_member f WHERE f.name_en = c.given_name || ' ' || c.family_name \
              AND f.birth_date = c.date_of_birth AND f.district = c.district_lgd) = 1 \
         ORDER BY c.resident_no LIMIT 1",
    )
    .get_result(&mut conn)
    .expect("among three thousand people there is such a family")
}

/// The officers of the registry map their table, and say for what guardians may decide.
pub fn open_the_register_of_guardians(ready: &mut Ready) {
    let civil = &mut ready.federation.civil;
    let (mapping, config) = (civil.folder().join("mapping.toml"), civil.folder().join("gateway.toml"));
    let text = std::fs::read_to_string(&mapping).unwrap();
    assert!(!text.contains("[guardians]"));
    std::fs::write(&mapping, format!("{text}{GUARDIANS}")).unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    let allowed = text.replace("[identity]\n", "[identity]\nguardianship_purposes = [\"social\"]\n");
    assert_ne!(allowed, text);
    std::fs::write(&config, allowed).unwrap();
    civil.stop().unwrap();
    civil.start_all().unwrap();
}

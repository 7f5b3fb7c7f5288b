//! What both sides learn, what they keep of it, and that no roll changes.

use schemas::{digest::Digest, problem::Code};
use service_kit::db::DatabaseError;
use tlog::entry::EntryType;

use super::world::{LAW, World, count};
use crate::{
    app::App,
    exchange::testing::federation::tamper,
    overlap::{OverlapError, Shown, close},
    store::{
        outbox::{anchored_find, outbox_waiting},
        overlap::{
            Side, State,
            marks::{Finding, MarkError},
            records_of,
        },
    },
};

async fn shown(app: &App, comparison: &schemas::id::MessageId) -> Shown {
    app.overlap_shown(comparison, "officer-7").await.unwrap().unwrap()
}

fn numbers(shown: &Shown) -> Vec<&str> {
    let mut numbers: Vec<&str> = shown.marks.iter().map(|mark| mark.number.as_str()).collect();
    numbers.sort_unstable();
    numbers
}

/// Whether this record of ours waits for the log or stands in it.
async fn is_logged(app: &App, jws: &str) -> bool {
    let digest = Digest::of(jws);
    let found = app.db().read(move |conn| {
        let waits = outbox_waiting(conn, 1_000)?.iter().any(|entry| entry.digest == digest && entry.r#type == 9);
        Ok::<_, DatabaseError>(waits || anchored_find(conn, EntryType::Consent, &digest)?.is_some())
    });
    found.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_learn_whom_both_have_keep_equal_results_and_change_no_roll() {
    let world = World::new().await;
    let before = world.rolls();
    let compared = world.social.compare_rolls(world.order(LAW)).await.unwrap();
    // CG100 (two pensioners) and CG200 (one, held) are on both; who was removed here or closed there is on neither.
    assert_eq!((compared.ours, compared.theirs, compared.common), (3, 4, 2));
    assert_eq!((compared.without, compared.confirmed), (1, true));
    let (ours, theirs) =
        (shown(&world.social, &compared.comparison).await, shown(world.food(), &compared.comparison).await);
    assert_eq!(numbers(&ours), ["P-1", "P-2", "P-3"]);
    assert_eq!(numbers(&theirs), ["H-1", "H-2"]);
    for (seen, side, people) in [(&ours, Side::Asker, (3, 4)), (&theirs, Side::Answerer, (4, 3))] {
        let overlap = &seen.overlap;
        assert_eq!((overlap.side, overlap.state, overlap.confirmed), (side, State::Compared, true));
        assert_eq!((overlap.ours, overlap.theirs, overlap.common), (people.0, Some(people.1), Some(2)));
        assert_eq!((overlap.officer.as_str(), overlap.case.as_str()), ("officer-7", "SW-2026-118"));
    }
    evidence(&world, &compared.comparison).await;
    // Nobody else's number, and nobody's in the clear, is anywhere in what the gateways keep.
    let kept = world.kept();
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(compared.comparison.as_str()), "the files were read");
    for secret in ["CANARY", "CG-100", "CG100", "CG-200", "CG200", "P-1", "H-1"] {
        assert!(!holds(secret), "{secret}");
    }
    assert_eq!(world.rolls(), before);
    for app in [&world.social, world.food()] {
        for table in ["decision", "notice", "receipt"] {
            assert_eq!(count(app, table).await, 0, "{table}");
        }
    }
    marks_are_settled_once_and_change_nothing(&world, &ours).await;
    assert_eq!(world.rolls(), before);
    again_and_what_is_left(&world).await;
    world.close().await;
}

/// Four records on each side, the same ones; each side's own are queued for the log.
async fn evidence(world: &World, comparison: &schemas::id::MessageId) {
    let mut all = Vec::new();
    for (app, side) in [(&world.social, Side::Asker), (world.food(), Side::Answerer)] {
        let key = world.key(side, comparison);
        let records = app.db().read(move |conn| Ok::<_, MarkError>(records_of(conn, &key)?)).await.unwrap();
        let mut kinds: Vec<&str> = records.iter().map(|record| record.what).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["accepted", "begin", "compared", "compared"]);
        for record in records.iter().filter(|record| record.ours) {
            assert!(is_logged(app, record.jws.as_str()).await, "{}", record.what);
        }
        assert_eq!(records.iter().filter(|record| record.ours).count(), 2);
        let mut texts: Vec<String> = records.iter().map(|record| record.jws.to_string()).collect();
        texts.sort();
        all.push(texts);
    }
    assert_eq!(all[0], all[1], "both hold what both signed");
}

async fn marks_are_settled_once_and_change_nothing(world: &World, ours: &Shown) {
    let (mark, officer) = (&ours.marks[0].mark, "officer-7".parse().unwrap());
    let reason = "Pension and card are both hers by right.".parse().unwrap();
    let settle = async |finding| world.social.overlap_settle(mark, &officer, finding, &reason).await.unwrap();
    assert!(settle(Finding::Pursued).await, "it waited");
    assert!(!settle(Finding::Nothing).await, "once");
    let again = shown(&world.social, &ours.overlap.comparison).await;
    let settled: Vec<_> = again.marks.iter().filter_map(|mark| mark.finding).collect();
    assert_eq!(settled, [Finding::Pursued]);
    for table in ["decision", "notice"] {
        assert_eq!(count(&world.social, table).await, 0, "a finding leads to no {table}");
    }
}

async fn again_and_what_is_left(world: &World) {
    // Each comparison has secrets and an id of its own.
    let second = world.social.compare_rolls(world.order(LAW)).await.unwrap();
    assert_eq!((second.common, second.confirmed), (2, true));
    let seen = world.social.overlaps_seen(10).await.unwrap();
    assert_eq!(seen.len(), 2);
    // A row that a crash left open is signed as broken, without a number of turns that nobody knows.
    tamper(&world.social, "UPDATE overlap SET state = 'open', began_at = 0, common = NULL, ended_at = NULL".to_owned())
        .await;
    close::tidy(&world.social).await.unwrap();
    let seen = world.social.overlaps_seen(10).await.unwrap();
    assert!(seen.iter().all(|overlap| overlap.state == State::Broken && overlap.ended_at.is_some()));
    // Marks are forgotten in time.
    assert_eq!(count(&world.social, "overlap_mark").await, 6);
    tamper(&world.social, "UPDATE overlap_mark SET found_at = 0".to_owned()).await;
    close::tidy(&world.social).await.unwrap();
    assert_eq!(count(&world.social, "overlap_mark").await, 0);
    // What was signed stays.
    let changed = world.social.db().write(|conn| {
        use diesel::{RunQueryDsl as _, sql_query};
        Ok::<_, DatabaseError>(sql_query("DELETE FROM overlap_record").execute(conn)?)
    });
    assert!(changed.await.unwrap_err().to_string().contains("insert-only"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_may_not_ask_is_not_sent_and_who_is_away_is_not_waited_for() {
    let world = World::new().await;
    for (law, code) in [
        ("no-such-law", Code::LawNotRegistered),
        ("for-queries", Code::OverlapNotAllowed),
        ("of-others", Code::LawScopeExceeded),
        ("voters", Code::DatasetUnknown),
    ] {
        let error = world.social.compare_rolls(world.order(law)).await.unwrap_err();
        assert!(matches!(error, OverlapError::NotAllowed(refusal) if refusal.code() == code), "{law}: {error}");
    }
    assert_eq!((count(&world.social, "overlap").await, count(world.food(), "overlap").await), (0, 0));
    assert_eq!(count(&world.social, "outbox").await, 0, "nothing was signed");
    // The other side refuses with its signature; both keep it.
    let error = world.social.compare_rolls(world.order("kerosene")).await.unwrap_err();
    assert!(matches!(error, OverlapError::Refused { code: Code::DatasetUnknown }), "{error}");
    for app in [&world.social, world.food()] {
        let seen = app.overlaps_seen(10).await.unwrap();
        assert_eq!((seen.len(), seen[0].state, seen[0].code), (1, State::Refused, Some(Code::DatasetUnknown)));
    }
    // Its roll is larger than the law compares: it refuses before anything of it is known.
    let error = world.social.compare_rolls(world.order("small")).await.unwrap_err();
    assert!(matches!(error, OverlapError::Refused { code: Code::OverlapTooLarge }), "{error}");
    let World { social, food, .. } = world;
    let with = food.app().entity().clone();
    food.stop().await.unwrap();
    let order = crate::overlap::Order {
        with,
        law: LAW.parse().unwrap(),
        roll: "social.pension".parse().unwrap(),
        identifier: None,
        officer: "officer-7".parse().unwrap(),
        case: "SW-2026-118".parse().unwrap(),
    };
    let error = social.compare_rolls(order).await.unwrap_err();
    assert!(matches!(error, OverlapError::Away(_)), "{error}");
    let newest = social.overlaps_seen(10).await.unwrap();
    assert_eq!(newest.iter().filter(|overlap| overlap.state == State::Broken).count(), 1, "signed as broken");
    assert_eq!(count(&social, "overlap_mark").await, 0);
}

#[test]
fn nothing_here_can_change_a_roll() {
    fn sources(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root.join("overlap"), &mut found);
    sources(&root.join("store/overlap"), &mut found);
    for file in ["overlap.rs", "store/overlap.rs"] {
        found.push((file.to_owned(), std::fs::read_to_string(root.join(file)).unwrap()));
    }
    assert!(found.len() >= 12, "the sources were found");
    let words = [
        "RollWriter",
        "MappedRolls",
        "RemovalWarrant",
        "Removal",
        "HoldDecision",
        "decisions::",
        "notices::",
        "triggers()",
    ];
    for (file, text) in &found {
        let used: Vec<&&str> = words.iter().filter(|word| text.contains(**word)).collect();
        assert!(used.is_empty(), "{file} names {used:?}");
    }
    // And nobody who can change a roll reads marks.
    let mut others = Vec::new();
    for folder in ["decisions", "store/decisions", "rolls", "review", "triggers"] {
        sources(&root.join(folder), &mut others);
    }
    for (file, text) in &others {
        assert!(!text.contains("overlap"), "{file} reads of overlaps");
    }
}

use proptest::prelude::*;
use service_kit::db::Database;
use service_kit_testing::DatabaseWorld;

use super::*;
use crate::{
    keys::{KeyFolder, Keys},
    people::{Role, Roles},
    store::{
        MIGRATIONS,
        people::{
            accounts::{NewAccount, account_insert},
            persons::{account_confirm, account_set_inviter, account_set_person},
        },
    },
    testing::TestDepartment,
};

fn name(text: &str) -> SystemName {
    text.parse().unwrap()
}

fn insert(conn: &mut AnyConnection, keys: &Keys, account: &str, person: &str, inviter: Option<&str>) {
    let new = NewAccount {
        name: name(account),
        person: name(person),
        display: account.to_owned(),
        roles: Roles::new([Role::Admin]),
        login: None,
    };
    account_insert(conn, keys, &new, 1).unwrap();
    account_set_inviter(conn, &name(account), inviter.map(name).as_ref()).unwrap();
}

fn allowed(conn: &mut AnyConnection, first: &str, second: &str) -> bool {
    let forth = two_persons(conn, &name(first), &name(second));
    let back = two_persons(conn, &name(second), &name(first));
    assert_eq!(forth.is_ok(), back.is_ok(), "{first} and {second}: either may be the first");
    if let Err(refused) = &forth {
        assert_eq!(refused.code(), Code::FourEyesRequired);
    }
    forth.is_ok()
}

/// Runs the story on SQLite and on PostgreSQL, with real keys.
async fn on_both(story: fn(&mut AnyConnection, &Keys)) {
    let department = TestDepartment::new("food", None, "");
    department.init();
    let keys = KeyFolder::new(department.path("keys")).load(&[]).unwrap();
    let worlds =
        tokio::task::block_in_place(|| [DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)]);
    for world in &worlds {
        let (database, keys): (&Database, _) = (&world.database, keys.clone());
        let told = database.write(move |conn| {
            story(conn, &keys);
            Ok::<_, DatabaseError>(())
        });
        told.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_of_one_officer_are_one_person() {
    on_both(|conn, keys| {
        insert(conn, keys, "asha", "asha", None);
        insert(conn, keys, "asha-2", "asha", None);
        insert(conn, keys, "ravi", "ravi", None);
        assert!(allowed(conn, "asha", "ravi") && allowed(conn, "asha-2", "ravi"));
        assert!(!allowed(conn, "asha", "asha") && !allowed(conn, "asha", "asha-2"));
        assert!(!allowed(conn, "asha", "nobody"), "who has no account is nobody's second");
        assert!(two_officers(conn, &name("asha"), &name("ravi")).is_ok());
        assert!(two_officers(conn, &name("asha"), &name("asha")).is_err());
        assert!(two_officers(conn, &name("elsewhere"), &name("ravi")).is_ok(), "an officer of another department");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_officer_invited_is_hers_too_until_somebody_else_confirms_it() {
    on_both(|conn, keys| {
        insert(conn, keys, "asha", "asha", None);
        insert(conn, keys, "ravi", "ravi", None);
        for puppet in ["one", "two"] {
            insert(conn, keys, puppet, puppet, Some("asha"));
        }
        insert(conn, keys, "three", "three", Some("two"));
        assert!(allowed(conn, "one", "ravi"), "whoever holds it is not ravi");
        for other in ["asha", "two", "three"] {
            assert!(!allowed(conn, "one", other), "{other}");
        }
        assert!(two_officers(conn, &name("one"), &name("asha")).is_err());
        assert!(account_confirm(conn, &name("one"), "ravi").unwrap());
        assert!(!account_confirm(conn, &name("one"), "ravi").unwrap(), "once");
        for other in ["asha", "two", "three"] {
            assert!(allowed(conn, "one", other), "{other}");
        }
        assert!(!allowed(conn, "three", "asha"), "by way of the second");
        account_set_inviter(conn, &name("one"), Some(&name("asha"))).unwrap();
        assert!(!allowed(conn, "one", "asha"), "a new link makes it doubtful again");
        account_set_inviter(conn, &name("asha"), Some(&name("one"))).unwrap();
        assert!(!allowed(conn, "one", "asha"), "each invited by the other");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_an_account_was_before_counts_and_what_it_confirmed_does_not_any_more() {
    on_both(|conn, keys| {
        insert(conn, keys, "openid-1", "openid-1", None);
        insert(conn, keys, "asha", "asha", None);
        insert(conn, keys, "ravi", "ravi", None);
        insert(conn, keys, "mira", "mira", Some("ravi"));
        assert!(allowed(conn, "openid-1", "asha"));
        assert!(account_confirm(conn, &name("mira"), "openid-1").unwrap());
        assert!(allowed(conn, "mira", "ravi"));
        account_set_person(conn, &name("openid-1"), &name("asha")).unwrap();
        assert!(!allowed(conn, "openid-1", "asha"));
        assert!(!allowed(conn, "mira", "ravi"), "confirmed by a person who was another");
        for (first, second) in [("openid-1", "asha"), ("asha", "openid-1")] {
            assert!(two_officers(conn, &name(first), &name(second)).is_err(), "what was done under the old pseudonym");
        }
        assert!(two_officers(conn, &name("openid-1"), &name("ravi")).is_ok());
    })
    .await;
}

/// Whoever can sign in to an account without a confirmation: its own person, and everybody who could sign in to its inviter's.
fn holders(accounts: &[(usize, Option<usize>, bool)], of: usize) -> BTreeSet<usize> {
    let (mut persons, mut seen, mut next) = (BTreeSet::new(), BTreeSet::new(), Some(of));
    while let Some(at) = next.filter(|at| seen.insert(*at)) {
        let (person, inviter, confirmed) = accounts[at];
        persons.insert(person);
        next = inviter.filter(|_| !confirmed);
    }
    persons
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// However accounts came to be: two of them are allowed exactly if nobody may hold both.
    #[test]
    fn nobody_who_may_hold_both_accounts_passes_for_two(
        accounts in prop::collection::vec((0..5_usize, prop::option::of(0..6_usize), any::<bool>()), 6),
    ) {
        let keys = crate::consents::testing::keys();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let _entered = runtime.enter();
        let world = DatabaseWorld::sqlite(&MIGRATIONS);
        let told = accounts.clone();
        let wrong = runtime.block_on(world.database.write(move |conn| {
            for (at, (person, inviter, confirmed)) in told.iter().enumerate() {
                let inviter = inviter.map(|inviter| format!("a-{inviter}"));
                insert(conn, &keys, &format!("a-{at}"), &format!("p-{person}"), inviter.as_deref());
                if *confirmed {
                    account_confirm(conn, &name(&format!("a-{at}")), "command-line").unwrap();
                }
            }
            let mut wrong = Vec::new();
            for first in 0..told.len() {
                for second in 0..told.len() {
                    let expected = holders(&told, first).is_disjoint(&holders(&told, second));
                    if allowed(conn, &format!("a-{first}"), &format!("a-{second}")) != expected {
                        wrong.push((first, second));
                    }
                }
            }
            Ok::<_, DatabaseError>(wrong)
        }));
        prop_assert_eq!(wrong.unwrap(), Vec::<(usize, usize)>::new());
    }
}

use schemas::{digest::Digest, federation::OfficerJwk, id::SystemName};
use service_kit::db::{AnyConnection, Database};
use service_kit_testing::DatabaseWorld;

use super::{
    PeopleStoreError,
    accounts::{
        NewAccount, StoredInvitation, account_by_login, account_find, account_insert, account_list, account_password,
        account_set_disabled, account_set_password, invitation_claim, invitation_find, invitation_insert,
    },
    login_flows::{LoginFlow, login_flow_claim, login_flow_insert},
    officer_keys::{
        officer_key_confirm, officer_key_end, officer_key_find, officer_key_insert, officer_key_list, officer_key_of,
    },
    sessions::{session_delete_all, session_find, session_insert, session_touch},
    tries::{WINDOW_MS, try_delete, try_index, try_insert},
};
use crate::{
    keys::Keys,
    people::{Role, Roles, published_officer_keys},
    store::MIGRATIONS,
    testing::TestDepartment,
};

fn name(text: &str) -> SystemName {
    text.parse().unwrap()
}

fn account(text: &str) -> NewAccount {
    NewAccount {
        name: name(text),
        person: name("p-1"),
        display: "Asha Devi".to_owned(),
        roles: Roles::new([Role::Admin, Role::Reviewer]),
        login: Some(("https://login.gov.example".to_owned(), text.to_owned())),
    }
}

/// Runs the story on SQLite and on PostgreSQL, with real keys.
async fn on_both(story: fn(&mut AnyConnection, &Keys) -> Result<(), PeopleStoreError>) {
    let department = TestDepartment::new("food", None, "");
    department.init();
    let keys = crate::keys::KeyFolder::new(department.path("keys")).load(&[]).unwrap();
    let worlds =
        tokio::task::block_in_place(|| [DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)]);
    for world in &worlds {
        let (database, keys): (&Database, _) = (&world.database, keys.clone());
        database.write(move |conn| story(conn, &keys)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_stands_once_is_read_back_and_its_name_for_display_is_encrypted() {
    on_both(|conn, keys| {
        assert!(account_insert(conn, keys, &account("asha"), 1)?);
        assert!(!account_insert(conn, keys, &account("asha"), 2)?);
        let found = account_find(conn, keys, &name("asha"))?.unwrap();
        assert_eq!((found.display.as_str(), found.person.as_str()), ("Asha Devi", "p-1"));
        assert_eq!(
            (found.roles.to_string().as_str(), found.has_password, found.disabled),
            ("reviewer admin", false, false)
        );
        assert_eq!(account_by_login(conn, keys, "https://login.gov.example", "asha")?, Some(found));
        assert_eq!(account_by_login(conn, keys, "https://other.gov.example", "asha")?, None);
        assert_eq!(account_find(conn, keys, &name("ravi"))?, None);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_has_no_password_to_try() {
    on_both(|conn, keys| {
        account_insert(conn, keys, &account("asha"), 1)?;
        assert!(account_set_password(conn, &name("asha"), "hash")?);
        assert_eq!(account_password(conn, &name("asha"))?.as_deref(), Some("hash"));
        assert!(account_set_disabled(conn, &name("asha"), Some(5))?);
        assert_eq!(account_password(conn, &name("asha"))?, None);
        assert!(!account_set_password(conn, &name("asha"), "other")?, "an invitation does not open a closed account");
        assert!(account_list(conn, keys)?[0].disabled);
        account_set_disabled(conn, &name("asha"), None)?;
        assert_eq!(account_password(conn, &name("asha"))?.as_deref(), Some("hash"));
        assert!(!account_set_disabled(conn, &name("nobody"), Some(5))?);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_used_once_in_its_time_and_the_newest_counts() {
    on_both(|conn, _| {
        let (first, second) = (Digest::of("first"), Digest::of("second"));
        invitation_insert(conn, &first, (&name("asha"), None), 100)?;
        invitation_insert(conn, &second, (&name("asha"), Some(&name("ravi"))), 100)?;
        let asha = || Some(StoredInvitation { account: name("asha"), inviter: Some(name("ravi")) });
        assert_eq!(invitation_find(conn, &first, 50)?, None, "the older one is taken back");
        assert_eq!(invitation_find(conn, &second, 99)?, asha());
        assert_eq!(invitation_claim(conn, &second, 100)?, None, "ended");
        assert_eq!(invitation_claim(conn, &second, 99)?, asha());
        assert_eq!(invitation_claim(conn, &second, 99)?, None, "used");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_old_idle_or_ended() {
    on_both(|conn, _| {
        let (one, two) = (Digest::of("one"), Digest::of("two"));
        session_insert(conn, &one, &name("asha"), 1_000, 9_000)?;
        session_insert(conn, &two, &name("asha"), 1_000, 9_000)?;
        let found = session_find(conn, &one, 8_999, 500)?.unwrap();
        assert_eq!((found.account, found.seen_ms), (name("asha"), 1_000));
        assert_eq!(session_find(conn, &one, 9_000, 500)?, None, "old");
        assert_eq!(session_find(conn, &one, 2_000, 1_000)?, None, "idle");
        session_touch(conn, &one, 1_500)?;
        session_touch(conn, &one, 1_200)?;
        assert_eq!(session_find(conn, &one, 2_000, 1_000)?.unwrap().seen_ms, 1_500, "the last use only grows");
        session_insert(conn, &Digest::of("three"), &name("ravi"), 9_500, 20_000)?;
        assert_eq!(session_delete_all(conn, &name("asha"))?, 0, "what had ended is gone");
        assert_eq!(session_delete_all(conn, &name("ravi"))?, 1);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_counted_over_a_minute_and_those_that_succeed_are_forgotten() {
    on_both(|conn, keys| {
        let of = try_index(keys, "account asha");
        let id = |n: u8| format!("01936b1e-5b2f-7c3d-8e4f-0123456789{n:02x}").parse().unwrap();
        for n in 0..5 {
            assert_eq!(try_insert(conn, &id(n), &of, i64::from(n))?, i64::from(n));
        }
        assert_eq!(try_insert(conn, &id(9), &try_index(keys, "account ravi"), 5)?, 0, "each for itself");
        try_delete(conn, &id(0))?;
        assert_eq!(try_insert(conn, &id(5), &of, 5)?, 4);
        assert_eq!(try_insert(conn, &id(6), &of, 5 + WINDOW_MS)?, 0, "a minute later all are over");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_flow_is_claimed_once_in_its_time() {
    on_both(|conn, _| {
        let flow = LoginFlow { browser: Digest::of("b"), nonce: "n".to_owned(), verifier: "v".to_owned() };
        login_flow_insert(conn, &Digest::of("s"), &flow, 0, 100)?;
        assert!(login_flow_claim(conn, &Digest::of("other"), 50)?.is_none());
        assert!(login_flow_claim(conn, &Digest::of("s"), 100)?.is_none(), "ended");
        assert!(login_flow_claim(conn, &Digest::of("s"), 99)? == Some(flow));
        assert!(login_flow_claim(conn, &Digest::of("s"), 99)?.is_none(), "used");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_published_once_another_person_confirmed_it_and_until_it_ends() {
    on_both(|conn, _| {
        let key = protocol::seal::SigningKey::generate(protocol::seal::Algorithm::Es256).unwrap();
        let officer =
            OfficerJwk { person: "p-1".to_owned(), role: "review".to_owned(), jwk: key.public().jwk().clone() };
        assert!(officer_key_insert(conn, &name("asha"), key.kid(), &officer, 1)?);
        assert!(!officer_key_insert(conn, &name("ravi"), key.kid(), &officer, 1)?, "one key, one officer");
        assert!(published_officer_keys(conn)?.is_empty());
        assert_eq!(officer_key_of(conn, &name("p-1"))?, None, "not confirmed");
        assert!(officer_key_confirm(conn, key.kid(), &name("ravi"))?);
        assert!(!officer_key_confirm(conn, key.kid(), &name("mira"))?, "confirmed already");
        assert_eq!(officer_key_of(conn, &name("p-1"))?.as_ref(), Some(key.kid()));
        assert_eq!(officer_key_of(conn, &name("p-2"))?, None, "of somebody else");
        assert_eq!(officer_key_find(conn, key.kid())?.map(|found| found.account), Some(name("asha")));
        assert_eq!(published_officer_keys(conn)?, [officer]);
        assert_eq!(officer_key_list(conn)?[0].confirmed_by, Some(name("ravi")));
        assert!(officer_key_end(conn, key.kid(), 2)? && !officer_key_end(conn, key.kid(), 3)?);
        assert!(published_officer_keys(conn)?.is_empty() && officer_key_list(conn)?.is_empty());
        assert!(officer_key_find(conn, key.kid())?.is_none() && officer_key_of(conn, &name("p-1"))?.is_none());
        Ok(())
    })
    .await;
}

//! A system without an address fetches its orders and confirms them.

use super::{at, kept, record, remember, run_at};
use crate::{retention::ConfirmError, webhooks::testing::Member};

#[tokio::test(flavor = "multi_thread")]
async fn a_system_fetches_its_own_orders_and_confirms_them_once() {
    for postgres in [false, true] {
        let more = "[[systems]]\nname = \"portal\"\ncertificate_file = \"p.pem\"\nmay = [\"ask\"]\n\
                    [[systems]]\nname = \"other\"\ncertificate_file = \"o.pem\"\nmay = [\"ask\"]\n";
        let certificates = [service_kit_testing::self_signed("p", 9).0, service_kit_testing::self_signed("o", 9).0];
        let member = Member::start(postgres, more, &[("p.pem", &certificates[0]), ("o.pem", &certificates[1])]).await;
        let (app, now) = (&member.app, member.app.now());
        let one = kept(app, now, None);
        remember(app, &one).await;
        let (portal, other) = ("portal".parse().unwrap(), "other".parse().unwrap());
        assert!(app.erasures_for(&portal).await.unwrap().is_empty());
        run_at(app, at(now)).await.unwrap();

        assert!(app.erasures_for(&other).await.unwrap().is_empty(), "another system's order");
        let orders = app.erasures_for(&portal).await.unwrap();
        assert_eq!((orders.len(), &orders[0].subject), (1, &one.exchange));
        let id = &orders[0].id;
        assert!(matches!(app.confirm_erasure(&other, id).await, Err(ConfirmError::Unknown)), "not its order");
        assert!(matches!(app.confirm_erasure(&portal, &one.exchange).await, Err(ConfirmError::Unknown)), "no order");
        assert_eq!(record(app, &one.exchange).await, None);

        app.confirm_erasure(&portal, id).await.unwrap();
        app.confirm_erasure(&portal, id).await.unwrap();
        run_at(app, at(now.plus(1))).await.unwrap();
        assert!(record(app, &one.exchange).await.is_some());
        assert!(app.erasures_for(&portal).await.unwrap().is_empty());
    }
}

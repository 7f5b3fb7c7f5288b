//! Somebody who carries signed events from civil registration to a department in any order, twice, and loses what comes back.
//!
//! Guarantees: the events are those that civil registration signed, carried under its own certificate, each delivery a request of its
//! own. Civil registration itself must be stopped meanwhile. Deliberately absent: changing them.

use serde_json::{Value, json};

use super::{Life, office::Office};
use crate::rogue::PeerDoor;

/// The postman between civil registration and one department.
pub struct Postman {
    door: PeerDoor,
    events: Vec<String>,
}

impl Postman {
    /// Takes everything that was signed for a department after a number of its feed.
    pub fn collects(life: &Life, office: &Office, after: i64) -> Self {
        let subscriber = office.department.entity();
        let from = format!("feed_event WHERE subscriber = '{subscriber}' AND seq > {after} ORDER BY seq");
        let events = life.civil.kept().words("jws", &from);
        Self { door: PeerDoor::of(&office.department, &life.civil.department), events }
    }

    /// How many he has.
    pub const fn len(&self) -> usize {
        self.events.len()
    }

    /// Delivers these of them in this order, in one request; what came of each.
    pub async fn delivers(&self, which: &[usize]) -> Vec<Value> {
        let events: Vec<&String> = which.iter().map(|place| &self.events[*place]).collect();
        let body = serde_json::to_vec(&json!({ "events": events })).unwrap();
        let reply = self.door.post_to("/peer/v1/events", &body, "application/json").await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let acks: Value = serde_json::from_slice(&reply.body).unwrap();
        let claims = |ack: &Value| {
            let payload = ack.as_str().unwrap().split('.').nth(1).unwrap();
            serde_json::from_slice(&protocol::seal::decode_base64url(payload).unwrap()).unwrap()
        };
        acks["acks"].as_array().unwrap().iter().map(claims).collect()
    }
}

/// The last number of a department's feed.
pub fn last_number(life: &Life, office: &Office) -> i64 {
    let from = format!("feed_event WHERE subscriber = '{}'", office.department.entity());
    life.civil.kept().count(&from)
}

//! One query on its way to being refused: good unless it is bent.

use protocol::{
    credential::vc::ConsentDraft,
    seal::{SigningKey, Typ, sign},
};
use schemas::{problem::Code, time::Timestamp};
use serde_json::Value;

use super::world::World;
use crate::rogue::{Binding, Heard};

/// A row of the table.
pub struct Row {
    pub code: Code,
    pub why: &'static str,
    pub bend: fn(&mut Attempt<'_>),
}

/// Shortens tables.
pub fn row(code: Code, why: &'static str, bend: fn(&mut Attempt<'_>)) -> Row {
    Row { code, why, bend }
}

/// A good query. What a bend touches last is made from what it changed before: draft, then claims, then bytes.
pub struct Attempt<'a> {
    pub world: &'a World,
    pub now: Timestamp,
    pub draft: ConsentDraft,
    pub binding: Binding,
    pub typ: Typ,
    pub key: SigningKey,
    /// Whose certificate is shown: a place in the world's callers.
    pub caller: usize,
    pub media_type: &'static str,
    pub headers: Vec<(&'static str, &'static str)>,
    basis: Option<Value>,
    claims: Option<Value>,
    bytes: Option<Vec<u8>>,
}

impl<'a> Attempt<'a> {
    pub fn new(world: &'a World) -> Self {
        let now = world.now();
        Self {
            world,
            now,
            draft: world.draft(now),
            binding: world.citizen.bindings[0].clone(),
            typ: Typ::Query,
            key: world.callers[0].0.signing.clone(),
            caller: 0,
            media_type: "application/dx-query+jwt",
            headers: Vec::new(),
            basis: None,
            claims: None,
            bytes: None,
        }
    }

    /// The basis, made from the draft unless it was made before.
    pub fn basis(&mut self) -> &mut Value {
        let (citizen, draft, binding, now) = (&self.world.citizen, &self.draft, &self.binding, self.now);
        self.basis.get_or_insert_with(|| citizen.basis(draft, binding, now))
    }

    /// The claims, made from the basis unless they were made before.
    pub fn claims(&mut self) -> &mut Value {
        let (basis, now) = (self.basis().clone(), self.now);
        let provider = self.world.federation.revenue.entity();
        let asker = &self.world.callers[0].0;
        self.claims.get_or_insert_with(|| asker.claims(provider, &basis, now))
    }

    /// The bytes, signed from the claims unless they were made before.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        let claims = self.claims().clone();
        let (typ, key) = (self.typ, &self.key);
        self.bytes.get_or_insert_with(|| sign(typ, key, &claims).unwrap().to_string().into_bytes())
    }

    /// Everything as another member that joined.
    pub fn as_caller(&mut self, place: usize) {
        let asker = self.world.callers[place].0.clone();
        self.draft.terms.consumer = asker.entity.clone();
        self.claims()["iss"] = asker.entity.as_str().into();
        self.key = asker.signing;
        self.caller = place;
    }

    pub async fn send(mut self) -> Heard {
        let bytes = self.bytes().clone();
        let door = &self.world.callers[self.caller].1;
        let reply = door.post(&bytes, self.media_type, &self.headers).await;
        door.heard(&reply).0
    }

    /// Whether it is answered now; nobody may be there yet.
    pub async fn gets_answered(mut self) -> bool {
        let bytes = self.bytes().clone();
        let door = &self.world.callers[self.caller].1;
        let reply = door.try_post(&bytes, self.media_type).await;
        reply.is_some_and(|reply| door.heard(&reply).0 == Heard::Answered)
    }
}

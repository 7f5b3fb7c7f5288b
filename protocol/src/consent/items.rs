//! Allowed ∩ requested ∩ mapped: the same for consents and laws.

use std::collections::BTreeSet;

use schemas::{
    consent::Predicate,
    federation::{DatasetDescription, FieldDescription, Purpose},
    id::{DatasetId, FieldName, PurposeCode},
    problem::Code,
    query::QueryTerms,
};

use super::{Offer, Refusal, grant::Items, predicate};

/// What a basis allows of a dataset.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'a> {
    pub dataset: &'a DatasetId,
    pub fields: &'a [FieldName],
    pub predicates: &'a [Predicate],
}

impl Allowed<'_> {
    /// Whether a query asks for this dataset, for something, and for nothing beyond; the reason why not.
    pub(super) fn covers(self, wanted: &QueryTerms) -> Result<(), &'static str> {
        let different: BTreeSet<_> = wanted.predicates.iter().collect();
        let rules = [
            (wanted.dataset == *self.dataset, "another dataset"),
            (!wanted.fields.is_empty() || !wanted.predicates.is_empty(), "no item is asked for"),
            (wanted.fields.iter().all(|field| self.fields.contains(field)), "an item that is not allowed"),
            (wanted.predicates.iter().all(|asked| self.predicates.contains(asked)), "a question that is not allowed"),
            (different.len() == wanted.predicates.len(), "a question stands twice"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, because)| Err(because))
    }

    /// Whether the registered purpose has each item, and none as a value of which only questions are answered.
    pub(super) fn is_within(self, purpose: &Purpose) -> bool {
        let has = |field: &FieldName| {
            purpose.allowed.iter().any(|data| data.dataset == *self.dataset && data.fields.contains(field))
        };
        let as_value = |field: &FieldName| has(field) && !purpose.predicates_only.contains(field);
        self.fields.iter().all(as_value) && self.predicates.iter().all(|asked| has(&asked.field))
    }

    /// What the provider offers of what is allowed and asked for.
    pub(super) fn offered<'o>(
        self,
        wanted: &QueryTerms,
        purpose: &PurposeCode,
        offer: &Offer<'o>,
    ) -> Result<(&'o DatasetDescription, Items), Refusal> {
        let unknown = |because| Refusal::new(Code::DatasetUnknown, because);
        let dataset = offer.dataset.filter(|d| d.id == *self.dataset).ok_or(unknown("not offered"))?;
        if !dataset.purposes.contains(purpose) {
            return Err(unknown("not offered for this purpose"));
        }
        let mut items = Items::default();
        for field in wanted.fields.iter().filter(|field| self.fields.contains(field)) {
            if let Some(described) = described(dataset, field) {
                items.fields.insert(field.clone());
                items.masks.extend(described.mask.map(|mask| (field.clone(), mask)));
            }
        }
        let asked = wanted.predicates.iter().filter(|asked| self.predicates.contains(asked));
        let applies = |asked: &&Predicate| {
            described(dataset, &asked.field).is_some_and(|field| predicate::is_applicable(asked, field))
        };
        items.predicates = asked.filter(applies).cloned().collect();
        // An item of which the basis allows a question only never leaves as a value, whatever else it says.
        items.fields.retain(|field| !self.predicates.iter().any(|asked| asked.field == *field));
        items.masks.retain(|field, _| items.fields.contains(field));
        match items.fields.is_empty() && items.predicates.is_empty() {
            true => Err(unknown("none of the items is mapped")),
            false => Ok((dataset, items)),
        }
    }
}

fn described<'a>(dataset: &'a DatasetDescription, field: &FieldName) -> Option<&'a FieldDescription> {
    dataset.fields.iter().find(|described| described.name == *field)
}

//! The catalogue of the federation: who has which dataset, and on what basis it may be asked for.
//!
//! Guarantees: made from the verified directory alone; only what active members list; a field whose basis is `none` cannot be asked
//! for by anybody today. Deliberately absent: whether a certain asker would get an answer; the provider decides that.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{consent::Refusal, federation::VerifiedMember};
use schemas::{
    catalogue::{Catalogue, CatalogueEntry, CatalogueField, CatalogueLaw, CataloguePurpose, FieldBasis},
    federation::{DatasetDescription, FieldDescription, Purpose, Standing},
    id::{DatasetId, EntityId, FieldName, PurposeCode},
    time::Timestamp,
};

use crate::directory::DirectorySnapshot;

/// The datasets of the members that may take part now, by provider and id.
///
/// # Errors
/// `directory-outdated`.
pub fn catalogue(directory: &DirectorySnapshot, now: Timestamp) -> Result<Catalogue, Refusal> {
    directory.authorize_current(now)?;
    let members = directory.members().members();
    let active = members.filter(|member| member.standing() == Standing::Active && now < member.expires());
    let entries = active
        .flat_map(|member| member.gateway().datasets.iter().map(move |dataset| entry(directory, member, dataset, now)));
    let mut datasets: Vec<CatalogueEntry> = entries.collect();
    datasets.sort_by(|a, b| (&a.provider, &a.dataset).cmp(&(&b.provider, &b.dataset)));
    Ok(Catalogue { datasets })
}

fn entry(
    directory: &DirectorySnapshot,
    member: &VerifiedMember,
    dataset: &DatasetDescription,
    now: Timestamp,
) -> CatalogueEntry {
    let listed: BTreeSet<&FieldName> = dataset.fields.iter().map(|field| &field.name).collect();
    let purposes = purposes(directory, dataset, &listed);
    let laws = laws(directory, member.entity(), &dataset.id, &listed, now);
    let by_consent: BTreeSet<&FieldName> = purposes.iter().flat_map(|purpose| &purpose.fields).collect();
    let by_law: BTreeSet<&FieldName> = laws.iter().flat_map(|law| &law.fields).collect();
    let fields = dataset.fields.iter().map(|field| {
        let basis = basis(by_consent.contains(&field.name), by_law.contains(&field.name));
        described(field, basis)
    });
    CatalogueEntry {
        provider: member.entity().clone(),
        provider_name: member.gateway().organization_name.clone(),
        dataset: dataset.id.clone(),
        title: dataset.title.clone(),
        assurance: dataset.assurance,
        fields: fields.collect(),
        purposes,
        laws,
    }
}

fn described(field: &FieldDescription, basis: FieldBasis) -> CatalogueField {
    CatalogueField {
        name: field.name.clone(),
        title: field.title.clone(),
        r#type: field.r#type.clone(),
        sensitivity: field.sensitivity,
        mask: field.mask,
        basis,
    }
}

const fn basis(by_consent: bool, by_law: bool) -> FieldBasis {
    match (by_consent, by_law) {
        (true, true) => FieldBasis::ConsentOrLaw,
        (true, false) => FieldBasis::Consent,
        (false, true) => FieldBasis::Law,
        (false, false) => FieldBasis::None,
    }
}

/// The newest version of each purpose for which the provider answers and whose template covers fields of the dataset.
fn purposes(
    directory: &DirectorySnapshot,
    dataset: &DatasetDescription,
    listed: &BTreeSet<&FieldName>,
) -> Vec<CataloguePurpose> {
    let mut newest: BTreeMap<&PurposeCode, &Purpose> = BTreeMap::new();
    for purpose in directory.purposes().into_iter().flat_map(|purposes| purposes.iter()) {
        let known = newest.entry(&purpose.code).or_insert(purpose);
        if known.version < purpose.version {
            *known = purpose;
        }
    }
    let answered = newest.into_values().filter(|purpose| dataset.purposes.contains(&purpose.code));
    let covering = answered.map(|purpose| {
        let allowed = purpose.allowed.iter().filter(|allowed| allowed.dataset == dataset.id);
        let fields = covered(allowed.flat_map(|allowed| &allowed.fields), listed);
        let only = purpose.predicates_only.iter().filter(|field| fields.contains(field)).cloned().collect();
        CataloguePurpose {
            code: purpose.code.clone(),
            version: purpose.version.clone(),
            sensitive: purpose.sensitive,
            fields,
            predicates_only: only,
        }
    });
    covering.filter(|purpose| !purpose.fields.is_empty()).collect()
}

/// The laws that are in force today and cover fields of the dataset.
fn laws(
    directory: &DirectorySnapshot,
    provider: &EntityId,
    dataset: &DatasetId,
    listed: &BTreeSet<&FieldName>,
    now: Timestamp,
) -> Vec<CatalogueLaw> {
    let all = directory.laws().into_iter().flat_map(|laws| laws.iter());
    let ours =
        all.filter(|law| law.provider == *provider && law.allowed.dataset == *dataset && now.civil_day() <= law.until);
    let covering = ours.map(|law| CatalogueLaw {
        id: law.id.clone(),
        title: law.title.clone(),
        consumer: law.consumer.clone(),
        purpose: law.purpose.clone(),
        fields: covered(law.allowed.fields.iter(), listed),
        until: law.until,
    });
    covering.filter(|law| !law.fields.is_empty()).collect()
}

/// The fields of a template or a law that the provider lists at all, each once, in the order of names.
fn covered<'a>(fields: impl Iterator<Item = &'a FieldName>, listed: &BTreeSet<&FieldName>) -> Vec<FieldName> {
    let fields: BTreeSet<&FieldName> = fields.filter(|field| listed.contains(field)).collect();
    fields.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests;

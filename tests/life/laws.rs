//! Purposes and laws of a small world: for each department one law a kind of event, and one that seeds its links.

use std::{fmt::Write as _, path::Path};

use vinimay::world::{Anchor, Registers};

/// The one purpose of the world's laws.
pub const PURPOSE: &str = "life.entitlement";
/// Of what a department may hear: the middle of an event's type.
pub const SUBJECTS: [&str; 8] = ["death", "birth", "age", "marriage", "residence", "presence", "person", "household"];

/// The law under which a department asks another which households are poor.
pub fn poverty_law(department: &str) -> String {
    format!("life-{department}-bpl")
}

/// The law under which a department hears of these events.
pub fn law(department: &str, subject: &str) -> String {
    format!("life-{}-{subject}", department.replace('_', "-"))
}

/// A department, by name and entity, and of whom it asks.
pub struct Party<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its entity.
    pub entity: String,
    /// The name and entity of whom it asks which households are poor.
    pub asks: Option<(&'a str, String)>,
}

/// Registers them for these departments.
pub fn register(anchor: &Anchor, folder: &Path, civil: &str, departments: &[Party<'_>]) {
    let files = Registers { purposes: folder.join("purposes.toml"), laws: folder.join("laws.toml") };
    let asked = departments.iter().filter_map(|party| party.asks.as_ref().map(|(name, _)| *name));
    std::fs::write(&files.purposes, purposes(asked)).unwrap();
    let mut laws = String::new();
    for Party { name, entity, asks } in departments {
        for subject in SUBJECTS {
            let told = (format!("civil.{subject}"), "effective");
            one(&mut laws, &law(name, subject), (entity, civil), told);
        }
        if let Some((other, provider)) = asks {
            one(&mut laws, &poverty_law(name), (entity, provider), (format!("{other}.household"), "bpl"));
            let named = (schemas::naming::DATASET.to_owned(), schemas::naming::FIELD);
            one(&mut laws, &format!("life-{name}-names"), (entity, civil), named);
        }
    }
    std::fs::write(&files.laws, laws).unwrap();
    anchor.add_registers(&files, &[]).unwrap();
}

fn purposes<'a>(asked: impl Iterator<Item = &'a str>) -> String {
    let mut text = format!(
        "[[purpose]]\ncode = \"{PURPOSE}\"\nversion = \"2026-10\"\ndpv = \"https://w3id.org/dpv#ServiceProvision\"\n\
         max_validity = \"P365D\"\nmax_retention = \"P180D\"\nsensitive = false\n\n[purpose.text]\n\
         en = \"So that a benefit begins and ends when it should, the department hears of life events.\"\n\
         hi = \"लाभ समय पर शुरू और समाप्त हो, इसके लिए विभाग को जीवन की घटनाओं की सूचना मिलती है।\"\n"
    );
    let mut allows = |dataset: &str, field: &str| {
        write!(text, "\n[[purpose.allowed]]\ndataset = \"{dataset}\"\nfields = [\"{field}\"]\n").unwrap();
    };
    SUBJECTS.iter().for_each(|subject| allows(&format!("civil.{subject}"), "effective"));
    allows(schemas::naming::DATASET, schemas::naming::FIELD);
    asked.for_each(|name| allows(&format!("{name}.household"), "bpl"));
    text + "\n[purpose.max_frequency]\nmodes = [\"recurring\"]\nmax_uses = 12\n"
}

fn one(text: &mut String, id: &str, (consumer, provider): (&str, &str), (dataset, field): (String, &str)) {
    write!(
        text,
        "\n[[law]]\nid = \"{id}\"\nversion = \"2026-10\"\nstatute = \"Registration of Births and Deaths Act, 1969 (18 of 1969)\"\n\
         section = \"3A\"\nconsumer = \"{consumer}\"\nprovider = \"{provider}\"\npurpose = \"{PURPOSE}\"\nuntil = \"2099-03-31\"\n\
         disclosure = \"immediate\"\n\n[law.title]\nen = \"The department may be told of this.\"\n\
         hi = \"विभाग को इसकी सूचना दी जा सकती है।\"\n\n[law.allowed]\ndataset = \"{dataset}\"\nfields = [\"{field}\"]\n\n\
         [law.quota]\nper_day = 1000000\nper_officer = 1000000\nper_subject = 1000\n"
    )
    .unwrap();
}

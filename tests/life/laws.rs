//! Purposes and laws of a small world: for each department one law a kind of event, and one that seeds its links.

use std::{fmt::Write as _, path::Path};

use vinimay::world::{Anchor, Registers};

/// The one purpose of the world's laws.
pub const PURPOSE: &str = "life.entitlement";
/// Of what a department may hear: the middle of an event's type.
pub const SUBJECTS: [&str; 8] = ["death", "birth", "age", "marriage", "residence", "presence", "person", "household"];

/// The law under which a department hears of these events.
pub fn law(department: &str, subject: &str) -> String {
    format!("life-{}-{subject}", department.replace('_', "-"))
}

/// Registers them for these departments, by name and entity.
pub fn register(anchor: &Anchor, folder: &Path, civil: &str, departments: &[(&str, String)]) {
    let files = Registers { purposes: folder.join("purposes.toml"), laws: folder.join("laws.toml") };
    std::fs::write(&files.purposes, purposes()).unwrap();
    let mut laws = String::new();
    for (name, entity) in departments {
        SUBJECTS.iter().for_each(|subject| one(&mut laws, (name, entity), civil, subject));
    }
    std::fs::write(&files.laws, laws).unwrap();
    anchor.add_registers(&files, &[]).unwrap();
}

fn purposes() -> String {
    let mut text = format!(
        "[[purpose]]\ncode = \"{PURPOSE}\"\nversion = \"2026-10\"\ndpv = \"https://w3id.org/dpv#ServiceProvision\"\n\
         max_validity = \"P365D\"\nmax_retention = \"P180D\"\nsensitive = false\n\n[purpose.text]\n\
         en = \"So that a benefit begins and ends when it should, the department hears of life events.\"\n\
         hi = \"लाभ समय पर शुरू और समाप्त हो, इसके लिए विभाग को जीवन की घटनाओं की सूचना मिलती है।\"\n"
    );
    for subject in SUBJECTS {
        write!(text, "\n[[purpose.allowed]]\ndataset = \"civil.{subject}\"\nfields = [\"effective\"]\n").unwrap();
    }
    text + "\n[purpose.max_frequency]\nmodes = [\"recurring\"]\nmax_uses = 12\n"
}

fn one(text: &mut String, (name, entity): (&str, &str), civil: &str, subject: &str) {
    let id = law(name, subject);
    write!(
        text,
        "\n[[law]]\nid = \"{id}\"\nversion = \"2026-10\"\nstatute = \"Registration of Births and Deaths Act, 1969 (18 of 1969)\"\n\
         section = \"3A\"\nconsumer = \"{entity}\"\nprovider = \"{civil}\"\npurpose = \"{PURPOSE}\"\nuntil = \"2099-03-31\"\n\
         disclosure = \"immediate\"\n\n[law.title]\nen = \"The department may be told of this.\"\n\
         hi = \"विभाग को इसकी सूचना दी जा सकती है।\"\n\n[law.allowed]\ndataset = \"civil.{subject}\"\nfields = [\"effective\"]\n\n\
         [law.quota]\nper_day = 1000000\nper_officer = 1000000\nper_subject = 1000\n"
    )
    .unwrap();
}

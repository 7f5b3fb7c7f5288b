//! The catalogue as a table for people: one block a dataset, one line a field.

use std::{collections::BTreeMap, fmt::Write as _};

use schemas::catalogue::{Catalogue, CatalogueEntry, CatalogueField, FieldBasis};

/// The table; every line ends with a line feed.
pub fn table(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    for entry in &catalogue.datasets {
        // Writing into a text cannot fail.
        let _ = dataset(&mut text, entry);
    }
    text
}

fn dataset(text: &mut String, entry: &CatalogueEntry) -> std::fmt::Result {
    let (title, name) = (names(&entry.title), names(&entry.provider_name));
    writeln!(text, "{}  {title}\n  held by {}  {name}", entry.dataset, entry.provider)?;
    let width =
        |of: fn(&CatalogueField) -> String| entry.fields.iter().map(|f| of(f).chars().count()).max().unwrap_or(0);
    let (name_width, kind_width) = (width(|f| f.name.to_string()), width(kind));
    for field in &entry.fields {
        let (kind, basis, titles) = (kind(field), basis(field.basis), names(&field.title));
        let line = format!("  {:name_width$}  {kind:kind_width$}  {basis:16}  {titles}", field.name.as_str());
        writeln!(text, "{}", line.trim_end())?;
    }
    for purpose in &entry.purposes {
        let presence = if purpose.sensitive { " (she must be present)" } else { "" };
        writeln!(text, "  consent for {} {}{presence}: {}", purpose.code, purpose.version, list(&purpose.fields))?;
        if !purpose.predicates_only.is_empty() {
            writeln!(text, "    yes or no only: {}", list(&purpose.predicates_only))?;
        }
    }
    for law in &entry.laws {
        let (id, consumer, until) = (&law.id, &law.consumer, law.until);
        writeln!(text, "  law {id} for {consumer} until {until}: {}", list(&law.fields))?;
    }
    writeln!(text)
}

fn kind(field: &CatalogueField) -> String {
    let sensitivity = format!("{:?}", field.sensitivity).to_lowercase();
    let mask =
        field.mask.and_then(|mask| serde_json::to_value(mask).ok()?.as_str().map(|mask| format!(", {mask} only")));
    format!("{}, {sensitivity}{}", field.r#type, mask.unwrap_or_default())
}

const fn basis(basis: FieldBasis) -> &'static str {
    match basis {
        FieldBasis::Consent => "consent",
        FieldBasis::Law => "law",
        FieldBasis::ConsentOrLaw => "consent or law",
        FieldBasis::None => "cannot be asked",
    }
}

fn names(by_language: &BTreeMap<String, String>) -> String {
    by_language.values().map(String::as_str).collect::<Vec<_>>().join(" · ")
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_who_holds_what_and_on_what_basis() {
        let text = include_str!("../../schemas/vectors/catalogue.json");
        let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
        let catalogue: Catalogue = serde_json::from_value(vectors[0]["message"].clone()).unwrap();
        let expected = "\
revenue.income  Income · आय
  held by https://revenue.gov.example  Revenue · राजस्व
  annual_income_band  text, personal                consent           Income band · आय वर्ग
  account             text, sensitive, last-4 only  cannot be asked
  consent for social.old-age-pension.eligibility 2026-10: annual_income_band
  law cg-pension-check for https://social.gov.example until 2027-03-31: annual_income_band

";
        assert_eq!(table(&catalogue), expected);
    }
}

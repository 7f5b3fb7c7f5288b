//! Each error names file, line, key and mend; nothing but names gets in.

use super::*;
use crate::{
    catalogue,
    source::OpenError,
    testing::{Department, MAPPING, connection, departments},
};

fn refused(department: &Department, text: &str) -> MappingError {
    department.write_mapping(text);
    match department.try_open() {
        Err(OpenError::Mapping(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted:\n{text}"),
    }
}

/// The line, from 1, on which the text stands first.
fn line_of(text: &str, wanted: &str) -> usize {
    text.lines().position(|line| line.contains(wanted)).unwrap() + 1
}

#[test]
fn a_whole_mapping_is_bound_on_both_engines_and_described() {
    for department in departments() {
        let source = department.open();
        let described = source.mapping().describe();
        assert_eq!(described.len(), 3);
        assert_eq!(described[0].id.as_str(), "revenue.income");
        assert_eq!(described[0].title["hi"], "वार्षिक आय");
        assert_eq!(described[0].fields[1].r#type, "integer");
        assert_eq!(source.mapping().rolls().map(RollId::as_str).collect::<Vec<_>>(), ["social.pension"]);
        assert_eq!(source.mapping().matching().len(), 2);
    }
}

/// What is replaced, by what, the key that the error names, and words of what is wrong and how to mend it.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("kind = \"KIND\"", "kind = \"oracle\"", "source.kind", "write one of sqlite, postgres"),
    ("kind = \"KIND\"", "kind = \"sqlitee\"", "source.kind", "did you mean `sqlite`?"),
    ("kind = \"KIND\"", "kind = 1", "source.kind", "put the value in quotes"),
    ("kind = \"KIND\"", "kind = \"\"", "source.kind", "write a value"),
    ("kind = \"KIND\"", "knd = \"sqlite\"", "source.knd", "did you mean `kind`?"),
    ("[source]", "[sorce]", "sorce", "did you mean `source`?"),
    ("[identity]", "[[identity]]", "identity", "write it as [identity]"),
    ("table = \"khatedar\"", "tabel = \"khatedar\"", "dataset[0].tabel", "did you mean `table`?"),
    ("table = \"khatedar\"", "table = \"khatedaar\"", "dataset[0].table", "did you mean `khatedar`?"),
    ("table = \"khatedar\"", "table = \"khatedar; DROP TABLE deaths\"", "dataset[0].table", "is not a name"),
    ("table = \"khatedar\"", "table = \"main.khatedar.x\"", "dataset[0].table", "is not a name"),
    ("table = \"khatedar\"", "table = \"vinimay_journal\"", "dataset[0].table", "no table or view"),
    ("table = \"khatedar\"", "table = \"sqlite_master\"", "dataset[0].table", "no table or view"),
    ("table = \"khatedar\"", "table = [\"khatedar\"]", "dataset[0].table", "put the value in quotes"),
    ("key = \"khata_no\"", "key = \"taxpayer\"", "dataset[0].key", "neither text nor a whole number"),
    ("key = \"khata_no\"", "", "dataset[0].key", "add key = "),
    (
        "column = \"income_band\"",
        "column = \"income_bnd\"",
        "dataset[0].field[0].column",
        "did you mean `income_band`?",
    ),
    ("column = \"income_band\"", "column = \"upper(income_band)\"", "dataset[0].field[0].column", "no expressions"),
    ("column = \"income_band\"", "column = \"income_band\\\" FROM x --\"", "dataset[0].field[0].column", "not a name"),
    ("column = \"income_band\"", "column = \"*\"", "dataset[0].field[0].column", "not a name"),
    ("column = \"income_band\"", "column = \"\u{915}\"", "dataset[0].field[0].column", "not a name"),
    ("name = \"annual_income_band\"", "name = \"Income Band\"", "dataset[0].field[0].name", "lower case"),
    ("name = \"annual_income_band\"", "name = \"annual_income\"", "dataset[0].field[1].name", "stands twice"),
    ("type = \"text\"", "type = \"txt\"", "dataset[0].field[0].type", "did you mean `text`?"),
    ("sensitivity = \"personal\"", "sensitivity = \"secret\"", "dataset[0].field[0].sensitivity", "not known here"),
    ("assurance = \"substantial\"", "assurance = \"sure\"", "dataset[0].assurance", "not known here"),
    ("purposes = [\"social.old-age-pension.eligibility\"]", "purposes = []", "dataset[0].purposes", "list of texts"),
    (
        "purposes = [\"social.old-age-pension.eligibility\"]",
        "purposes = [\"A B\"]",
        "dataset[0].purposes",
        "no such thing",
    ),
    (", hi = \"वार्षिक आय\"", "", "dataset[0].title", "Hindi and English"),
    (
        "range_column = \"income_year_start\"",
        "range_column = \"annual_income\"",
        "dataset[0].range_column",
        "cannot be compared|do not hold|does not hold",
    ),
    ("id = \"revenue.income-years\"", "id = \"revenue.income\"", "dataset[1].id", "stands twice"),
    ("name_form = \"family, given\"", "name_form = \"first last\"", "matching[0].name_form", "not known here"),
    ("name_form = \"family, given\"", "given_name = \"name_en\"", "matching[0].name", "in one column or in two"),
    (
        "birth_date_form = \"dd/mm/yyyy\"",
        "birth_date_form = \"mm/dd/yyyy\"",
        "matching[0].birth_date_form",
        "dd/mm/yyyy",
    ),
    ("birth_date = \"dob\"", "birth_date = \"annual_income\"", "matching[0].birth_date", "does not hold birth dates"),
    ("held = \"HOLD\"", "held = \"ACTIVE\"", "roll[0].held", "a hold would change nothing"),
    ("status = \"payment_status\"", "status = \"monthly_amount\"", "roll[0].status", "not a text column"),
    ("since = \"status_since\"", "since = \"person_no\"", "roll[0].status", "a key column would be written"),
    ("id = \"social.pension\"", "id = \"Social Pension\"", "roll[0].id", "lower case"),
    (
        "subject_key = \"person_no\"",
        "subject_key = \"person_no\"\n[roll.overlap]\nCard = \"person_no\"",
        "roll[0].overlap",
        "write a name such as ration_card",
    ),
    (
        "subject_key = \"person_no\"",
        "subject_key = \"person_no\"\n[roll.overlap]\ncard = \"persn_no\"",
        "roll[0].overlap",
        "did you mean `person_no`?",
    ),
    ("table = \"deaths\"", "table = \"khata_view\"", "change[0].table", "is a view"),
    ("event = \"in.vinimay.death.registered.v1\"", "event = \"death'); --\"", "change[0].event", "in.vinimay."),
    ("n = \"date_precision\"", "n = \"date_precison\"", "change[0].payload", "did you mean `date_precision`?"),
    ("n = \"date_precision\"", "n = 7", "change[0].payload", "put each value in quotes"),
    ("death_date_precision =", "deth_date_precision =", "change[0].payload", "did you mean `death_date_precision`?"),
    ("registration_number = \"registration_number\"", "", "change[0].payload", "add registration_number"),
    (
        "event = \"in.vinimay.death.registered.v1\"",
        "event = \"in.vinimay.age.attained.v1\"",
        "change[0].event",
        "no row becomes",
    ),
    (
        "effective = \"date_of_death\"",
        "effective = \"date_of_death\"\nwatch = [\"place_lgd\"]",
        "change[0].watch",
        "on = \"update\"",
    ),
    (
        "effective = \"date_of_death\"",
        "effective = \"date_of_death\"\non = \"update\"",
        "change[0].watch",
        "name the columns",
    ),
    (
        "effective = \"date_of_death\"",
        "effective = \"date_of_death\"\nrelated = { spouse = \"resident_no\" }",
        "change[0].related",
        "speak",
    ),
    ("alive = \"alive\"", "alive = \"alife\"", "identity.alive", "did you mean `alive`?"),
    (
        "assurance = \"substantial\"",
        "assurance = \"substantial\"\nrefuse_assisted = \"yes\"",
        "dataset[0].refuse_assisted",
        "write refuse_assisted = true",
    ),
    ("type = \"text\"", "type = \"text\"\nmask = \"last4\"", "dataset[0].field[0].mask", "did you mean `last-4`?"),
    ("type = \"text\"", "type = \"text\"\nmask = \"year\"", "dataset[0].field[0].mask", "year and month for date"),
    ("type = \"integer\"", "type = \"integer\"\nmask = \"initial\"", "dataset[0].field[1].mask", "initial for text"),
];

#[test]
fn every_mistake_is_told_with_file_line_key_and_mend() {
    let department = Department::sqlite();
    for (good, bad, key, words) in WRONG {
        assert!(MAPPING.contains(good), "{good}");
        let error = refused(&department, &MAPPING.replacen(good, bad, 1));
        let told = error.to_string();
        assert_eq!(error.key, *key, "{told}");
        assert!(words.split('|').any(|words| told.contains(words)), "{told}");
        assert!(told.starts_with(&format!("{}:{}: {key}: ", department.mapping.display(), error.line)), "{told}");
        assert!(error.line > 0 && !error.mend.is_empty(), "{told}");
    }
}

#[test]
fn the_line_is_that_of_the_key() {
    let department = Department::sqlite();
    for (good, bad, at) in [
        ("column = \"income_band\"", "column = \"income_bnd\"", "income_bnd"),
        ("alive = \"alive\"", "alife = \"alive\"", "alife"),
        ("id = \"revenue.income-years\"", "id = \"revenue.income\" # again", "# again"),
        ("key = \"khata_no\"\npurposes", "purposes", "[[dataset]]"),
    ] {
        let text = MAPPING.replacen(good, bad, 1);
        assert_eq!(refused(&department, &text).line, line_of(&text, at), "{bad}");
    }
}

#[test]
fn what_is_not_toml_is_told_by_line() {
    let department = Department::sqlite();
    for (text, line) in [("[source\nkind = 1", 1), ("[source]\nkind = \"sqlite\n", 2), ("[source]\na = 1\na = 2\n", 3)]
    {
        let error = refused(&department, text);
        assert_eq!((error.key.as_str(), error.line), ("(syntax)", line), "{error}");
    }
}

#[test]
fn a_missing_file_and_a_missing_section_have_their_mend() {
    let department = Department::sqlite();
    assert!(refused(&department, "").to_string().contains("add [source]"));
    let error = MappingFile::read(&department.path("absent.toml")).unwrap_err();
    assert!(error.to_string().contains("cannot be read") && error.mend.contains("check the path"), "{error}");
}

#[test]
fn a_mapping_for_another_engine_is_refused() {
    let department = Department::sqlite();
    let file = MappingFile::from_text(&department.mapping, MAPPING.replace("KIND", "postgres")).unwrap();
    let catalogue = catalogue::read(&mut connection(&department.owner)).unwrap();
    let error = file.bind(&catalogue).unwrap_err();
    assert_eq!((error.key.as_str(), error.line), ("source.kind", 3));
    assert!(error.what.contains("the connection is to sqlite"), "{error}");
}

#[test]
fn a_type_of_event_comes_from_one_table_and_a_table_may_have_several() {
    let department = Department::sqlite();
    let annulled = "\n[[change]]\nevent = \"in.vinimay.death.annulled.v1\"\ntable = \"deaths\"\nkey = \"registration_number\"\n\
        subject = \"resident_no\"\neffective = \"date_of_death\"\non = \"update\"\nwatch = [\"date_precision\"]\n\
        when = { date_precision = \"void\" }\n\
        [change.payload]\nregistration_number = \"registration_number\"\nreason = \"date_precision\"\n";
    let text = format!("{MAPPING}{annulled}").replace("KIND", "sqlite");
    let catalogue = catalogue::read(&mut connection(&department.owner)).unwrap();
    MappingFile::from_text(&department.mapping, text).unwrap().bind(&catalogue).unwrap();
    let error = refused(&department, &format!("{MAPPING}{}", annulled.replace("annulled", "registered")));
    assert!(error.key.starts_with("change[1]."), "{error}");
}

#[test]
fn who_must_be_known_must_be_mapped() {
    let department = Department::sqlite();
    let marriage = "\n[[change]]\nevent = \"in.vinimay.marriage.registered.v1\"\ntable = \"deaths\"\nkey = \"registration_number\"\n\
        subject = \"resident_no\"\neffective = \"date_of_death\"\n[change.payload]\nregistration_number = \"registration_number\"\n";
    let error = refused(&department, &format!("{MAPPING}{marriage}"));
    assert_eq!((error.key.as_str(), error.mend.as_str()), ("change[1].related", "add spouse = \"<column>\""));
}

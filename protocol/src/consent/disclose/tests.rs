//! What each mask leaves of each kind of value.

use super::*;

fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.to_owned())
}

#[test]
fn a_mask_leaves_its_part_and_nothing_of_another_kind() {
    let gone = || FieldValue::Missing;
    for (mask, value, shown) in [
        (Mask::Last4, text("00112233445566"), text("5566")),
        (Mask::Last4, text("खाता-१२३४५"), text("२३४५")),
        (Mask::Last4, FieldValue::Integer(123_456), text("3456")),
        (Mask::Last4, FieldValue::Integer(-123_456), text("3456")),
        (Mask::Last4, text("1234"), gone()),
        (Mask::Last4, text(""), gone()),
        (Mask::Last4, FieldValue::Boolean(true), gone()),
        (Mask::Year, text("1958-02-28"), text("1958")),
        (Mask::Month, text("1958-02-28"), text("1958-02")),
        (Mask::Year, text("1958"), gone()),
        (Mask::Year, text("28-02-1958"), gone()),
        (Mask::Year, FieldValue::Integer(1958), gone()),
        (Mask::Initial, text("आशा"), text("आ")),
        (Mask::Initial, text("Verma"), text("V")),
        (Mask::Initial, text("-"), gone()),
        (Mask::Initial, FieldValue::Integer(7), gone()),
        (Mask::Present, text(""), FieldValue::Boolean(true)),
        (Mask::Present, FieldValue::Integer(0), FieldValue::Boolean(true)),
        (Mask::Present, gone(), FieldValue::Boolean(false)),
        (Mask::Year, gone(), gone()),
    ] {
        assert_eq!(masked(mask, &value), shown, "{mask:?} of {value:?}");
    }
}

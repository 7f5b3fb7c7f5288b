//! An answer, or a signed refusal, typ `dx-answer+jwt`; and the record sealed inside it.
//!
//! Source: protocol, "Query, answer, receipts".

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    consent::{Predicate, PredicateOp, predicate_value},
    digest::Digest,
    id::{CompactJwe, CompactJws, DatasetId, EntityId, FieldName, MessageId},
    problem::Code,
    receipt::Outcome,
    time::NumericDate,
    version::V1,
};

/// The answering department's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Structure version.
    pub v: V1,
    /// The answering department.
    pub iss: EntityId,
    /// The asking department.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the answer.
    pub jti: MessageId,
    /// Id of the query.
    pub query_jti: MessageId,
    /// Digest of the query as received.
    pub query: Digest,
    /// `answered` or `refused`.
    pub outcome: Outcome,
    /// The [`Record`], sealed to the asker; null when refused.
    pub data: Option<CompactJwe>,
    /// Why it was refused; null when answered.
    pub refusal: Option<Refusal>,
    /// The provider's receipt, typ `dx-receipt+jwt`.
    pub receipt: CompactJws,
}

/// Why a query was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// From the table.
    pub code: Code,
}

/// What was asked for: the rows of one person, only granted fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The dataset.
    pub dataset: DatasetId,
    /// One map a row, field to value; the same fields in each. None where only questions were asked.
    pub rows: Vec<BTreeMap<FieldName, FieldValue>>,
    /// The questions with yes or no, in the order in which they were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<PredicateResult>,
}

/// The answer to one question with yes or no, over all rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredicateResult {
    /// Which item was looked at.
    pub field: FieldName,
    /// How it was compared.
    pub op: PredicateOp,
    /// With what, in the bounds of [`Predicate::value`].
    #[serde(deserialize_with = "predicate_value::read")]
    #[schemars(length(min = 1, max = 64))]
    pub value: String,
    /// Whether it holds in every row; null where the department does not know.
    pub holds: Option<bool>,
}

impl PredicateResult {
    /// The question that it answers.
    pub fn question(&self) -> Predicate {
        Predicate { field: self.field.clone(), op: self.op, value: self.value.clone() }
    }
}

/// A value in a record: text, integer, truth value or nothing. No floats: amounts are integers or text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Unicode text, dates as `YYYY-MM-DD`.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
    /// The department does not know.
    Missing,
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::Missing => serializer.serialize_unit(),
        }
    }
}

impl<'de> Deserialize<'de> for FieldValue {
    // By hand: buffered untagged types lose numbers where `serde_json/arbitrary_precision` is on.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self::Text(text)),
            serde_json::Value::Bool(truth) => Ok(Self::Boolean(truth)),
            serde_json::Value::Null => Ok(Self::Missing),
            serde_json::Value::Number(number) => number
                .as_i64()
                .map(Self::Integer)
                .ok_or_else(|| serde::de::Error::custom("a number here is a whole number of 64 bits")),
            _ => Err(serde::de::Error::custom("a value is text, a whole number, true, false or null")),
        }
    }
}

impl JsonSchema for FieldValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FieldValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "boolean", "null"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_what_they_print() {
        for value in [
            FieldValue::Text("क".into()),
            FieldValue::Integer(-9_007_199_254_740_993),
            FieldValue::Boolean(true),
            FieldValue::Missing,
        ] {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<FieldValue>(&text).unwrap(), value);
        }
        for bad in ["1.5", "1e3", "[1]", "{}", "99999999999999999999"] {
            assert!(serde_json::from_str::<FieldValue>(bad).is_err(), "{bad}");
        }
    }
}

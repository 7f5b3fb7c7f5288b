//! The tables of `migrations/`, as diesel names them. Nothing else is here.
#![allow(missing_docs)]

diesel::table! { anchor (id) { id -> Integer, entity -> Text, origin -> Text, log_vkey -> Text, created_at -> BigInt, } }
diesel::table! { anchor_configuration (iat) { iat -> BigInt, jws -> Text, } }
diesel::table! {
    log_head (id) { id -> Integer, size -> BigInt, root -> Binary, received_ms -> BigInt, note -> Text, }
}
diesel::table! { log_entry (idx) { idx -> BigInt, entry_type -> Integer, digest -> Binary, bytes -> Binary, } }
diesel::table! { log_tile (level, idx) { level -> Integer, idx -> BigInt, hashes -> Binary, } }
diesel::table! { pending_entry (id) { id -> BigInt, entry_type -> Integer, digest -> Binary, } }
diesel::table! { publication (seq) { seq -> BigInt, size -> BigInt, note -> Text, published_ms -> BigInt, } }
diesel::table! {
    time_stamp (publication, authority) {
        publication -> BigInt, authority -> Text, gen_time -> BigInt, response -> Binary,
    }
}
diesel::table! {
    invitation (code_sha256) {
        code_sha256 -> Binary, entity -> Text, roles -> Text, sector -> Text,
        expires_at -> BigInt, used_at -> Nullable<BigInt>,
    }
}
diesel::table! {
    member (entity) {
        entity -> Text, roles -> Text, sector -> Text, standing -> Text, joined_at -> BigInt,
        configuration -> Text, configuration_sha256 -> Binary, configuration_iat -> BigInt,
        statement_iat -> BigInt, statement -> Nullable<Text>,
    }
}
diesel::table! {
    member_configuration (entity, iat) { entity -> Text, iat -> BigInt, jws -> Text, log_index -> BigInt, }
}
diesel::table! {
    register_signature (kind, version, person) {
        kind -> Text, version -> BigInt, person -> Text, jws -> Text, sha256 -> Binary,
    }
}
diesel::table! { audit_head (seq) { seq -> BigInt, jws -> Text, } }

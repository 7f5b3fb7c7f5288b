//! RFC 9901's own examples, and agreement with `ssi` on what we conceal.

use super::*;
use crate::{credential::block_on::block_on, testing::World};
use ssi::{JWK, claims::VerificationParameters};

/// RFC 9901 §4.2.1 (in its example's own spelling of JSON) and §4.2.3, appendix A.
#[test]
fn the_digest_examples_of_the_rfc_come_out() {
    for (disclosure, digest) in [
        (
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
            "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
        ),
        ("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0", "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"),
    ] {
        assert_eq!(SdAlg::Sha256.hash(disclosure), digest);
        assert!(check_disclosure(disclosure).is_ok());
    }
}

/// `ssi`'s test vector, from the specification's example "Structured SD-JWT".
const NESTED: &str = concat!(
    "eyJhbGciOiAiRVMyNTYifQ.eyJfc2QiOiBbIkM5aW5wNllvUmFFWFI0Mjd6WUpQN1FyazFXSF84YmR3T0FfWVVyVW5HUVUiLCAiS3VldDF5QW",
    "EwSElRdlluT1ZkNTloY1ZpTzlVZzZKMmtTZnFZUkJlb3d2RSIsICJNTWxkT0ZGekIyZDB1bWxtcFRJYUdlcmhXZFVfUHBZZkx2S2hoX2ZfOWFZ",
    "IiwgIlg2WkFZT0lJMnZQTjQwVjd4RXhad1Z3ejd5Um1MTmNWd3Q1REw4Ukx2NGciLCAiWTM0em1JbzBRTExPdGRNcFhHd2pCZ0x2cjE3eUVoaFl",
    "UMEZHb2ZSLWFJRSIsICJmeUdwMFdUd3dQdjJKRFFsbjFsU2lhZW9iWnNNV0ExMGJRNTk4OS05RFRzIiwgIm9tbUZBaWNWVDhMR0hDQjB1eXd4N2",
    "ZZdW8zTUhZS08xNWN6LVJaRVlNNVEiLCAiczBCS1lzTFd4UVFlVTh0VmxsdE03TUtzSVJUckVJYTFQa0ptcXhCQmY1VSJdLCAiaXNzIjogImh0d",
    "HBzOi8vZXhhbXBsZS5jb20vaXNzdWVyIiwgImlhdCI6IDE2ODMwMDAwMDAsICJleHAiOiAxODgzMDAwMDAwLCAiYWRkcmVzcyI6IHsiX3NkIjog",
    "WyI2YVVoelloWjdTSjFrVm1hZ1FBTzN1MkVUTjJDQzFhSGhlWnBLbmFGMF9FIiwgIkF6TGxGb2JrSjJ4aWF1cFJFUHlvSnotOS1OU2xkQjZDZ2p",
    "yN2ZVeW9IemciLCAiUHp6Y1Z1MHFiTXVCR1NqdWxmZXd6a2VzRDl6dXRPRXhuNUVXTndrclEtayIsICJiMkRrdzBqY0lGOXJHZzhfUEY4WmN2b2",
    "NXN3p3Wmo1cnlCV3ZYZnJwemVrIiwgImNQWUpISVo4VnUtZjlDQ3lWdWIyVWZnRWs4anZ2WGV6d0sxcF9KbmVlWFEiLCAiZ2xUM2hyU1U3ZlNXZ",
    "3dGNVVEWm1Xd0JUdzMyZ25VbGRJaGk4aEdWQ2FWNCIsICJydkpkNmlxNlQ1ZWptc0JNb0d3dU5YaDlxQUFGQVRBY2k0M",
    "G9pZEVlVnNBIiwgInVOSG9XWWhYc1poVkpDTkUyRHF5LXpxdDd0NjlnSkt5NVFhRnY3R3JNWDQiXX0sICJfc2RfYWxnIjogInNoYS0yNTYifQ.r",
    "FsowW-KSZe7EITlWsGajR9nnGBLlQ78qgtdGIZg3FZuZnxtapP0H8CUMnffJAwPQJmGnpFpulTkLWHiI1kMmw~WyJHMDJOU3JRZmpGWFE3SW8wO",
    "XN5YWpBIiwgInJlZ2lvbiIsICJcdTZlMmZcdTUzM2EiXQ~WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgImNvdW50cnkiLCAiSlAiXQ~"
);

#[test]
fn nested_disclosures_parse_and_are_not_taken_for_top_level_claims() {
    let parts = Parts::parse(NESTED, Limits::BINDING).unwrap();
    assert_eq!(parts.disclosures().count(), 2);
    assert_eq!(parts.key_binding(), None);
    assert_eq!(parts.reveal().unwrap_err(), SdJwtError("a disclosure is not of a top-level claim"));
    let bare = parts.retaining(&BTreeSet::new()).unwrap();
    assert_eq!(Parts::parse(&bare, Limits::BINDING).unwrap().reveal().unwrap(), Revealed::new());
}

#[test]
fn what_is_not_an_sd_jwt_is_refused() {
    for (text, why) in [
        ("", "nothing"),
        ("a.b.c", "no tilde"),
        ("a.b~", "two parts"),
        ("a.b.c~d", "a last part that is neither disclosure nor key binding"),
        ("a.b.c~!~", "a foreign character"),
        ("a.b.c~AR~", "trailing bits"),
        ("a.b.c~~", "an empty disclosure"),
    ] {
        assert!(Parts::parse(text, Limits::BINDING).is_err(), "{why}");
    }
}

#[test]
fn ssi_verifies_and_reveals_the_bindings_that_we_issue() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let token = SdJwt::new(asha.binding.as_str()).unwrap();
    let key: JWK =
        serde_json::from_value(serde_json::json!(crate::seal::key::bare(world.registry.signing.public().jwk())))
            .unwrap();
    let (revealed, verified) =
        block_on(token.decode_reveal_verify_any(VerificationParameters::from_resolver(&key))).unwrap();
    assert_eq!(verified, Ok(()));
    let claims = serde_json::to_value(revealed.claims()).unwrap();
    assert_eq!(claims["resident_id"], "RID-0001");
    assert_eq!(claims["sub_revenue"], world.registry.subject("RID-0001", &world.provider.sector).as_str());
}

#[test]
fn the_key_binding_hash_is_the_one_of_ssi() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let shown = asha.present(&world.provider.entity, "n");
    let token = SdJwt::new(&shown).unwrap();
    let bound = token.decode_kb().unwrap().unwrap();
    assert!(bound.signing_bytes.payload.sd_hash.verify(SdAlg::Sha256, token));
    assert_eq!(bound.signing_bytes.payload.aud, world.provider.entity.as_str());
}

//! What the crate `identity-kit` makes of our tokens, and what our codecs make of the published vectors.
//!
//! `identity-kit` 0.4.0 (Apache-2.0) is written apart from us and from `ssi`: a second reading of RFC 9901, of SD-JWT VC and of
//! the Token Status List. It carries the examples of these texts as published: RFC 9901 §5, §6, appendix A (IETF Trust Legal
//! Provisions, code components under the Revised BSD License); draft-ietf-oauth-status-list-21 §4, appendix C (the same).

mod tokens;
mod vectors;

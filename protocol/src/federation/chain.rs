//! Trust chains (OpenID Federation 1.1 §4, §10): leaf's configuration, statements about it upwards, the anchor's.
//!
//! Verified from the top: the pinned fingerprint vouches for the anchor's keys, they for the statement below, its
//! `jwks` for the next, the last for the leaf's own configuration, which must be the one that the statement names.

use schemas::{
    bundle::TrustRoot,
    federation::{ResolveResponse, SubordinateStatement},
    id::{CompactJws, EntityId},
    time::Timestamp,
};

use super::{
    FederationError, Mark, STATEMENT_LIFE, SigningKeys, VerifiedAnchor, VerifiedMember,
    anchor::{stricter, verify_statement},
    statement::{VerifiedConfiguration, authorize_life, verify_configuration},
};
use crate::seal::{Limits, Typ, UnverifiedJws};

/// Longest chain that is looked at.
const LONGEST: usize = 8;

/// Verifies a chain as it was at `now`; for evidence, `now` is the instant of the record.
///
/// # Errors
/// If any statement, link, life or constraint is wrong.
pub fn verify_chain(chain: &[CompactJws], root: &TrustRoot, now: Timestamp) -> Result<VerifiedMember, FederationError> {
    let [leaf, statements @ .., top] = chain else {
        return Err(FederationError::NotLinked("fewer than three statements"));
    };
    if statements.is_empty() || chain.len() > LONGEST {
        return Err(FederationError::PathTooLong);
    }
    let anchor = VerifiedAnchor::verify(top, root, now)?;
    let (statements, mark) = verify_statements(statements, &anchor, now)?;
    let configuration = verify_leaf(leaf, &statements[0], now)?;
    let roles_granted = |role: &_| statements.iter().all(|statement| statement.roles.contains(role));
    let standing = statements.iter().map(|statement| statement.standing).fold(statements[0].standing, stricter);
    let mut statement = statements[0].clone();
    statement.roles.retain(roles_granted);
    statement.standing = standing;
    let ends = statements.iter().map(|statement| statement.exp).min().unwrap_or(statement.exp);
    let ends = Timestamp::from_numeric(ends).min(anchor.expires());
    VerifiedMember::new(configuration, statement, mark, ends, chain.to_vec())
}

/// From the anchor downwards; the result is in the chain's order, the leaf's statement first.
fn verify_statements(
    statements: &[CompactJws],
    anchor: &VerifiedAnchor,
    now: Timestamp,
) -> Result<(Vec<SubordinateStatement>, Mark), FederationError> {
    let mut superior: EntityId = anchor.entity().clone();
    let mut keys = anchor.federation_keys().clone();
    let mut verified = Vec::with_capacity(statements.len());
    let mut mark = anchor.mark();
    for (below, jws) in statements.iter().enumerate().rev() {
        let (claims, seen) = verify_statement(jws, &keys, now)?;
        if claims.iss != superior {
            return Err(FederationError::NotLinked("a statement by another superior"));
        }
        if claims.sub == claims.iss {
            return Err(FederationError::NotLinked("a superior's statement about itself"));
        }
        // §6.2.1: intermediates between the one who sets the constraint and the leaf.
        if usize::try_from(claims.constraints.max_path_length).unwrap_or(usize::MAX) < below {
            return Err(FederationError::PathTooLong);
        }
        superior = claims.sub.clone();
        keys = SigningKeys::of(&claims.jwks)?;
        mark = seen;
        verified.insert(0, claims);
    }
    Ok((verified, mark))
}

fn verify_leaf(
    jws: &CompactJws,
    statement: &SubordinateStatement,
    now: Timestamp,
) -> Result<VerifiedConfiguration, FederationError> {
    let unverified = UnverifiedJws::of(jws, Limits::STATEMENT)?;
    if unverified.digest() != statement.entity_configuration {
        return Err(FederationError::NotLinked("not the configuration that the log has"));
    }
    let kid = unverified.claimed_issuer().key_id().ok_or(FederationError::NotLinked("no key id"))?;
    let pinned = statement.jwks.keys.iter().find(|jwk| jwk.kid.as_ref() == Some(&kid));
    let pinned = pinned.ok_or(FederationError::NotLinked("signed by a key that the superior does not name"))?;
    let configuration = verify_configuration(unverified, pinned.clone(), now)?;
    let claims = configuration.claims();
    if claims.sub != statement.sub {
        return Err(FederationError::NotLinked("a configuration of another entity"));
    }
    if !claims.authority_hints.contains(&statement.iss) {
        return Err(FederationError::NotLinked("the entity does not name this superior"));
    }
    Ok(configuration)
}

/// Takes the chain out of the anchor's resolve response (§8.3), which is checked again by [`verify_chain`].
///
/// # Errors
/// If the response is not the anchor's, not about this member, or not valid now.
pub fn resolved_chain(
    response: &CompactJws,
    anchor: &VerifiedAnchor,
    member: &EntityId,
    now: Timestamp,
) -> Result<Vec<CompactJws>, FederationError> {
    let unverified = UnverifiedJws::of(response, Limits::ANSWER)?;
    let kid = unverified.claimed_issuer().key_id().ok_or(FederationError::NotLinked("no key id"))?;
    let claims: ResolveResponse = unverified.verify(Typ::ResolveResponse, anchor.federation_key(&kid)?)?.claims()?;
    if claims.iss != *anchor.entity() || claims.sub != *member {
        return Err(FederationError::NotLinked("a response about another entity"));
    }
    authorize_life(claims.iat, claims.exp, STATEMENT_LIFE, now)?;
    Ok(claims.trust_chain)
}

#[cfg(test)]
mod tests;

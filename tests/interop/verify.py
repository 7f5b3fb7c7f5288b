"""Verifies a presentation of a resident binding with the PyPI package sd-jwt (RFC 9901), which shares no code with us.

Reads {"presentation", "registry" (JWKs), "audience", "nonce"} from standard input; prints the disclosed claims. What must fail is
tried as well: another nonce, another audience, another registry's key, a changed disclosure.
"""

import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier


def verify(order, **changed):
    order = {**order, **changed}
    keys = [JWK.from_json(json.dumps(key)) for key in order["registry"]]
    verifier = SDJWTVerifier(order["presentation"], lambda _issuer, _header: keys[0], order["audience"], order["nonce"])
    return verifier.get_verified_payload()


def must_fail(order, **changed):
    try:
        verify(order, **changed)
    except Exception:  # whichever way the package says no
        return
    raise SystemExit(f"accepted although {sorted(changed)} was changed")


order = json.load(sys.stdin)
claims = verify(order)
must_fail(order, nonce="another")
must_fail(order, audience="https://another.example")
must_fail(order, registry=[json.loads(JWK.generate(kty="EC", crv="P-256").export_public())])
parts = order["presentation"].split("~")
must_fail(order, presentation="~".join([parts[0], *parts[2:]]))
print(json.dumps(claims))

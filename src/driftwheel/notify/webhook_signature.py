"""Sign what is sent to a webhook, so that the receiver knows who sent it, when, and that it is whole.

As the specification Standard Webhooks says, for whose signatures many languages have a library: HMAC-SHA256
over the id, the time and the body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from driftwheel.errors import UsageError

__all__ = ["TOLERANCE", "new_secret", "signed_headers", "verify"]

TOLERANCE: Final = timedelta(minutes=5)
"""How far the time of what is received may be from now: what was caught is of no use later."""

_PREFIX = "whsec_"
_BYTES = (24, 64)


def new_secret(random: bytes) -> str:
    """Return the secret of a webhook, of 24 to 64 random bytes.

    Examples
    --------
    >>> new_secret(bytes(24))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    if not _BYTES[0] <= len(random) <= _BYTES[1]:
        raise UsageError(f"A secret of {len(random)} bytes; give {_BYTES[0]} to {_BYTES[1]}.")
    return _PREFIX + base64.b64encode(random).decode()


def signed_headers(secret: str, id_: str, time: datetime, body: bytes) -> dict[str, str]:
    """Return the headers by which a receiver knows a body that is sent at a time: id, time and signature.

    Raises
    ------
    UsageError
        For what is no secret of `new_secret`.

    Examples
    --------
    >>> time = datetime(2026, 3, 4, tzinfo=UTC)
    >>> signed_headers(new_secret(bytes(24)), "a1", time, b"{}")["webhook-signature"]
    'v1,k6OIa+fFT+26VbJLmRs0Vo+YStRT0PQzRJQxtjvzsGA='
    """
    stamp = str(int(time.timestamp()))
    signature = _signature(secret, id_, stamp, body)
    return {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Return whether a body came from who has the secret, is whole, and was sent a moment ago.

    Parameters
    ----------
    headers
        Of the request; their names in any case.

    Examples
    --------
    >>> secret, now = new_secret(bytes(24)), datetime(2026, 3, 4, tzinfo=UTC)
    >>> headers = signed_headers(secret, "a1", now, b"{}")
    >>> [verify(secret, headers, body, now=now) for body in (b"{}", b"[]")]
    [True, False]
    """
    given = {name.lower(): value for name, value in headers.items()}
    stamp = given.get("webhook-timestamp", "")
    if not stamp.isdecimal() or len(stamp) > 12:
        return False
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        return False
    wanted = f"v1,{_signature(secret, given.get('webhook-id', ''), stamp, body)}"
    return any(hmac.compare_digest(wanted, one) for one in given.get("webhook-signature", "").split(" "))


def _signature(secret: str, id_: str, stamp: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError("This is no secret of a webhook; those begin with whsec_.") from None
    signed = f"{id_}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()

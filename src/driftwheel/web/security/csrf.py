"""Forms and scripts of other sites cannot act for somebody who is logged in here."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from driftwheel.services.access.authorise import Identity

__all__ = ["CSRF_FIELD", "CSRF_HEADER", "check_csrf", "check_same_origin"]

CSRF_FIELD = "csrf"
"""Name of the hidden field of every form; its value is `Identity.csrf`."""

CSRF_HEADER = "x-csrf-token"
"""The same for scripts, as a header."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def check_csrf(request: Request, identity: Identity) -> None:
    """Refuse a request that changes something for a session without its secret; tokens need none.

    Raises
    ------
    HTTPException
        403 when the field ``csrf`` or the header ``X-CSRF-Token`` is not the session's, or the request comes
        from another site.
    """
    if identity.csrf is None or request.method in _SAFE:
        return
    check_same_origin(request)
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(_FORMS):
        field = (await request.form()).get(
            CSRF_FIELD
        )  # kept by the request: the route reads it again for nothing
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), identity.csrf.encode()):
        await request.close()  # files of the form
        raise HTTPException(
            403, "The form is out of date or not from this site. Load the page again, then send it once more."
        )


def check_same_origin(request: Request) -> None:
    """Refuse what another site's page sends, as far as the browser says where a request comes from.

    Raises
    ------
    HTTPException
        403.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
    if site not in {"same-origin", "none"} or foreign:
        raise HTTPException(403, "The request comes from a page of another site.")

"""What a server's answer means for what was sent."""

from __future__ import annotations

from enum import Enum

__all__ = ["Meaning", "meaning_of"]


class Meaning(Enum):
    """What to do after an answer."""

    TAKEN = "taken"  # the server has it; look at the result of each
    REFUSED = "refused"  # never send it again
    HALVE = "halve"  # one of several is to blame, or they are too many: send each half by itself
    LATER = "later"  # send it again after a pause
    LOCKED_OUT = "locked out"  # keep it: the token or the address is wrong


def meaning_of(status: int, items: int) -> Meaning:
    """Return what the HTTP status says of a request that carried so many items.

    4xx is never sent again, with three exceptions: 429 asks for a pause; 401 and 403 (and a redirect) say
    that this client is set up wrongly, not that its data are; and where one bad item may have spoilt a
    request of several (400, 409, 413, 422), its halves are sent instead. 5xx is always sent again.

    Examples
    --------
    >>> [meaning_of(status, 1).value for status in (202, 422, 429, 503, 401)]
    ['taken', 'refused', 'later', 'later', 'locked out']
    >>> meaning_of(422, 10).value
    'halve'
    """
    if 200 <= status < 300:
        return Meaning.TAKEN
    if status in (401, 403) or 300 <= status < 400:
        return Meaning.LOCKED_OUT
    if status == 429 or not 400 <= status < 500:
        return Meaning.LATER
    return Meaning.HALVE if status in (400, 409, 413, 422) and items > 1 else Meaning.REFUSED

"""Messages of notices: what one channel is told at once of one model that is no alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from driftwheel.alerts.message import Link, Message, Notice
from driftwheel.errors import UsageError

__all__ = ["notice_message"]

_LONGEST_TITLE = 150


def notice_message(
    notices: Sequence[Notice], *, model: str, now: datetime, public_url: str | None = None
) -> Message:
    """Return a message of some notices of a model, those that want somebody first.

    Parameters
    ----------
    notices
        At least one; the addresses of their links are paths on the server, with a slash in front.
    public_url
        Where people reach the server, without a slash at the end; None: the message has no links.

    Raises
    ------
    UsageError
        When there are no notices.
    """
    if not notices:
        raise UsageError("There is nothing to be told; give at least one notice.")
    shown = sorted(notices, key=lambda one: not one.wanted)
    linked = tuple(replace(one, links=_reached(one.links, public_url)) for one in shown)
    more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
    title = f"{model}: {shown[0].heading}{more}"
    return Message(
        kind="wanted" if any(one.wanted for one in shown) else "news",
        model=model,
        title=title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…",
        severity="info",
        made=now,
        since=None,
        until=None,
        entries=(),
        notices=linked,
    )


def _reached(links: Sequence[Link], public_url: str | None) -> tuple[Link, ...]:
    return () if public_url is None else tuple(Link(one.title, public_url + one.url) for one in links)

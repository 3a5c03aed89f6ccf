"""What one channel has been told of one model: `notified_groups.told`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["NOTHING_TOLD", "Told", "told_from_json", "told_to_json"]


@dataclass(frozen=True, slots=True)
class Told:
    """What one channel has been told of one model.

    Attributes
    ----------
    number
        How many messages so far; the next one's dedup key is made of it.
    last_sent
        When the last of them was made.
    firing
        Key of each episode that it was told is firing, and not that it ended → when it was last told so.
    """

    number: int = 0
    last_sent: datetime | None = None
    firing: Mapping[int, datetime] = field(default_factory=dict)


NOTHING_TOLD = Told()


def told_to_json(told: Told) -> dict[str, Any]:
    """Return it as plain values."""
    return {
        "number": told.number,
        "last_sent": None if told.last_sent is None else told.last_sent.isoformat(),
        "firing": {str(key): time.isoformat() for key, time in told.firing.items()},
    }


def told_from_json(plain: Mapping[str, Any]) -> Told:
    """Return what `told_to_json` wrote; an empty mapping is nothing told."""
    last = plain.get("last_sent")
    return Told(
        int(plain.get("number", 0)),
        None if last is None else datetime.fromisoformat(last),
        {int(key): datetime.fromisoformat(time) for key, time in plain.get("firing", {}).items()},
    )

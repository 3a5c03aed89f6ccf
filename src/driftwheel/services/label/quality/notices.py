"""What an annotator is told of what rules have noticed, in plain words, before anything worse follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from driftwheel.store.labels.label_events import LabelEvent, list_events
from driftwheel.store.labels.task_answers import answers_since

__all__ = ["Notice", "notices_of"]

_LASTS: Final = timedelta(days=1)
_EVENTS: Final = 10
_LATER: Final = 10  # answers after which golden tasks are spoken of, so that nobody learns which those are

_WORDS: Final[Mapping[str, str]] = {
    "too_fast": "Some of your last answers came faster than one can look at an image. Take the time that an "
    "image needs. If it goes on, you will have to pause for a while.",
    "skipping": "You have passed over many images in a row. Skip only what cannot be labelled, and say why. "
    "If it goes on, you will have to pause for a while.",
    "cannot_tell": "You have said that you cannot tell much more often than others did. Look closely, and "
    "read the instructions again: they say what to do when in doubt. If it goes on, you will have to pause.",
    "golden_warning": "Several of your answers to images whose answer is known were not right. Read the "
    "instructions again, and compare. If it goes on, you can no longer label here.",
}
_END: Final = " Is this a mistake? Tell who invited you: they can see what it rests on, and undo it."


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told once: its event's key, and the words."""

    key: int
    words: str


def notices_of(connection: Connection, project: int, annotator: int, now: datetime) -> list[Notice]:
    """Return what an annotator is to be told of warnings of the last day that stand, the oldest first.

    Of golden tasks they are told ten answers later.
    """
    events = list_events(connection, project, annotator=annotator, limit=_EVENTS)
    found = [one for one in events if one.kind == "warning" and one.undone is None]
    recent = [one for one in found if now - one.time < _LASTS and _rule(one) in _WORDS]
    return [
        Notice(one.key, _WORDS[_rule(one)] + _END)
        for one in reversed(recent)
        if _rule(one) != "golden_warning"
        or answers_since(connection, annotator, one.time, limit=_LATER) >= _LATER
    ]


def _rule(event: LabelEvent) -> str:
    return str(event.numbers.get("rule", ""))

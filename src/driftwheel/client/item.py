"""What is sent to the server: one record, truth, feedback or profile, ready made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Item", "Kind", "first_batch"]


class Kind(IntEnum):
    """What an item tells of; the numbers are those in the spool's files."""

    RECORD = 1
    TRUTH = 2
    FEEDBACK = 3
    PROFILE = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to send. It is made once and sent unchanged, however often: the server knows it again.

    Attributes
    ----------
    kind
        What it is.
    document
        One JSON object in UTF-8 without a line end; empty for a profile.
    attachment
        The file of a record's image, or of a profile; may be empty for a record.
    """

    kind: Kind
    document: bytes
    attachment: bytes = b""

    def __len__(self) -> int:
        return len(self.document) + len(self.attachment)


def first_batch(items: Sequence[Item], most: int, most_bytes: int) -> list[Item]:
    """Return the first items, all of one kind, that one request carries: at least one, if there is one."""
    chosen: list[Item] = []
    size = 0
    for item in items[:most]:
        size += len(item)
        if chosen and (size > most_bytes or item.kind != chosen[0].kind):
            break
        chosen.append(item)
    return chosen

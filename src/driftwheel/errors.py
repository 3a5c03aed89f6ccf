"""Every error the library raises on purpose.

::

    DriftwheelError
    ├── UsageError             an argument, option or name that cannot be used; says what to do instead
    │   └── MissingExtraError  an optional dependency is not installed; names the extra
    ├── SourceError            a source of images cannot be opened or holds none
    ├── UnreadableImageError   one image cannot be decoded; counted, never fatal for a run
    ├── LabelFormatError       a label file is damaged, or holds what the format cannot say; names the object
    ├── ProfileFormatError     a profile file is damaged, or of a version this release cannot read
    ├── IncomparableError      two summaries were made differently and must not be compared or merged
    ├── BackupError            a backup is damaged, cut short, or of a version this release cannot read
    └── UnavailableError       not now; the same again later may work
        ├── QueueFullError     more is waiting to be written than is allowed
        ├── BlobsUnreachableError  the store of images, not on this machine, does not answer
        ├── StorageFullError   no space is left for what should be kept
        └── DatabaseBusyError  another writer has kept the database locked for too long
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BackupError",
    "BlobsUnreachableError",
    "DatabaseBusyError",
    "DriftwheelError",
    "IncomparableError",
    "LabelFormatError",
    "MissingExtraError",
    "ProfileFormatError",
    "QueueFullError",
    "SourceError",
    "StorageFullError",
    "UnavailableError",
    "UnreadableImageError",
    "UsageError",
    "did_you_mean",
]


class DriftwheelError(Exception):
    """The root: catch it to catch everything the library raises on purpose."""


class UsageError(DriftwheelError, ValueError):
    """An argument, option or name that cannot be used; the message says what was given and what to do."""


class MissingExtraError(UsageError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs an optional dependency. Install it with: pip install 'driftwheel[{extra}]'"
        )
        self.extra = extra


class SourceError(DriftwheelError):
    """A source of images cannot be opened, or holds none."""


class UnreadableImageError(DriftwheelError):
    """One image cannot be decoded; `reason` is a short phrase fit for counting."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LabelFormatError(DriftwheelError, ValueError):
    """A label file is damaged, or holds what cannot be read or written exactly; names file and object."""


class ProfileFormatError(DriftwheelError):
    """A profile file is damaged, or was written in a version this release cannot read."""


class IncomparableError(DriftwheelError):
    """Two summaries were made differently and must not be compared or merged."""


class BackupError(DriftwheelError):
    """A backup is damaged, cut short, or of a version this release cannot read."""


class UnavailableError(DriftwheelError):
    """Not now; the same again later may work."""


class QueueFullError(UnavailableError):
    """More is waiting to be written than is allowed."""


class BlobsUnreachableError(UnavailableError, OSError):
    """The store of images, which is not on this machine, does not answer or refuses."""


class StorageFullError(UnavailableError):
    """No space is left for what should be kept; nothing of it was."""


class DatabaseBusyError(UnavailableError):
    """Another writer has kept the database locked for too long."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known name nearest to `name`, or an empty string.

    Examples
    --------
    >>> did_you_mean("brigthness", ["brightness", "contrast"])
    " Did you mean 'brightness'?"
    >>> did_you_mean("zzz", ["brightness"])
    ''
    """
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{nearest[0]}'?" if nearest else ""

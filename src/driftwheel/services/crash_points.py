"""Named points between the steps of the service, where a test can kill the process that passes them.

``DRIFTWHEEL_CRASH_AT=blob-synced`` kills a process that reaches ``blob-synced``, as ``kill -9`` does, and
``DRIFTWHEEL_CRASH_AT=blob-synced:20`` one that reaches it for the twentieth time. The variable is read once,
when this module is imported; without it a point costs one comparison. It is for tests of what survives, and
for nothing else.
"""

from __future__ import annotations

import itertools
import os
import signal
from typing import NoReturn

from sqlalchemy import Connection, Engine, event

from driftwheel.errors import UsageError

__all__ = ["VARIABLE", "reach", "watch_commits"]

VARIABLE = "DRIFTWHEEL_CRASH_AT"


def reach(name: str) -> None:
    """Pass the point `name`; the process ends here, without any clean-up, when it was told to."""
    if _NAME is not None and name == _NAME and next(_PASSED) == _TIMES:
        _end()


def watch_commits(engine: Engine) -> None:
    """Make ``commit-begun`` a point of each transaction of `engine` that writes: before COMMIT is sent."""
    if _NAME == "commit-begun":
        event.listen(engine, "commit", _reach_commit)


def _reach_commit(connection: Connection) -> None:
    if not connection.get_execution_options().get("driftwheel_reads"):
        reach("commit-begun")


def _end() -> NoReturn:
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)


def _told(value: str) -> tuple[str | None, int]:
    """Return the point and how often it is passed, of ``name`` or ``name:times``; None for an empty one."""
    name, _, times = value.partition(":")
    if times and not (times.isdecimal() and int(times) > 0):
        raise UsageError(f"{VARIABLE} is '{value}'; expected a name, or name:times with times above 0.")
    return name or None, int(times or 1)


_NAME, _TIMES = _told(os.environ.get(VARIABLE, ""))
_PASSED = itertools.count(1)

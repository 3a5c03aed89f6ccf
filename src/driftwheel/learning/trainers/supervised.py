"""Run a command that ends when the one who asked for it does: ``python -m …supervised -- COMMAND …``.

The asker holds the other end of this program's standard input. When that closes, as when the asker is killed,
the command is ended with all that it has started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

__all__ = ["main"]

_GRACE = 5.0  # seconds between asking a command to end and ending it


def main(arguments: list[str]) -> int:
    """Run the command, and return its exit status; 127 when it cannot be started."""
    try:
        process = subprocess.Popen(  # noqa: S603  an administrator has configured it
            arguments, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True
        )
    except OSError as error:
        print(f"'{arguments[0]}' cannot be started: {error.strerror}.", flush=True)  # noqa: T201
        return 127
    threading.Thread(target=_end_with_asker, args=(process,), daemon=True).start()
    return process.wait()


def _end_with_asker(process: subprocess.Popen[bytes]) -> None:
    while os.read(0, 4096):  # not by sys.stdin, whose lock a thread must not hold at the end
        pass
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))

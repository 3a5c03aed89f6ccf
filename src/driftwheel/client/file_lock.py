"""Locks on open files: who holds one keeps other processes out until it ends, however it ends."""

from __future__ import annotations

import os
import sys

__all__ = ["lock", "unlock"]

_FAR = 1 << 62  # a byte no file has: Windows locks ranges, and refuses to read locked ones

if sys.platform == "win32":
    import msvcrt

    def _set(file: int, mode: int) -> None:
        place = os.lseek(file, 0, os.SEEK_CUR)
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, mode, 1)
        finally:
            os.lseek(file, place, os.SEEK_SET)

    def lock(file: int) -> bool:
        """Lock an open file; return whether it was free. Never waits."""
        try:
            _set(file, msvcrt.LK_NBLCK)
        except OSError:
            return False
        return True

    def unlock(file: int) -> None:
        """Give a lock back."""
        _set(file, msvcrt.LK_UNLCK)

else:
    import fcntl

    def lock(file: int) -> bool:
        """Lock an open file; return whether it was free. Never waits."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def unlock(file: int) -> None:
        """Give a lock back."""
        fcntl.flock(file, fcntl.LOCK_UN)

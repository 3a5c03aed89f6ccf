"""A process that deletes all old history, a little at a time; tests kill it on the way.

Usage: python -m tests.services.forget_all DATABASE_URL
"""

from __future__ import annotations

import sys

from tests.services.alerting import NOW

from driftwheel.services.operate.forget_history import forget_history
from driftwheel.store.engine.database import open_database


def forget_all(database_url: str) -> None:
    engine = open_database(database_url)
    while forget_history(engine, now=NOW, message_days=90, history_days=400, limit=3).any:
        pass
    engine.dispose()


if __name__ == "__main__":
    forget_all(sys.argv[1])

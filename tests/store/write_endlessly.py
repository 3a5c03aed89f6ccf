"""A process that writes records until it is killed, and prints the ids of each batch after its answer.

Usage: write_endlessly.py DATABASE_URL MODEL_KEY PREFIX
"""

from __future__ import annotations

import hashlib
import sys
import threading
from datetime import UTC, datetime

from driftwheel.predictions import Record
from driftwheel.store.engine.database import open_database
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.writer import RecordWriter

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def submit_endlessly(writer: RecordWriter, model: int, prefix: str) -> None:
    number = 0
    while True:
        number += 1
        names = [f"{prefix}-{number}-{i}" for i in range(number % 7 + 1)]
        rows = [
            NewRecord(model, Record(name, "m", NOON), hashlib.sha256(name.encode()).digest(), NOON)
            for name in names
        ]
        if writer.submit(rows).result() == ["accepted"] * len(rows):
            sys.stdout.write(" ".join(names) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    url, key, start = sys.argv[1:]
    shared = RecordWriter(open_database(url), most_waiting=10**6)
    for thread in range(6):
        threading.Thread(target=submit_endlessly, args=(shared, int(key), f"{start}.{thread}")).start()

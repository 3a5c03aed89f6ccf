"""A process that logs records with images until its standard input ends, and tells of each that is kept.

``python write_records.py DATABASE_URL BLOBS_URL PREFIX`` prints a line ``id digest`` for each record after
the writer has said that it is committed.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from datetime import UTC, datetime

from driftwheel.predictions import Classification, Record
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import list_models
from driftwheel.store.records.new_record import NewRecord
from driftwheel.store.records.writer import RecordWriter


def main(database_url: str, blobs_url: str, prefix: str) -> None:
    engine = open_database(database_url)
    blobs = Blobs.open(blobs_url)
    with reading(engine) as connection:
        (model,) = list_models(connection)
    writer = RecordWriter(engine, most_waiting=1000)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    number = 0
    while not ended.is_set():
        image = blobs.put(os.urandom(2000))
        name = f"{prefix}-{number}"
        now = datetime.now(UTC)
        record = Record(name, model.name, now, image=image.hex(), prediction=Classification("cat"))
        body = hashlib.sha256(name.encode() + image).digest()
        (outcome,) = writer.submit([NewRecord(model.key, record, body, now)]).result()
        if outcome != "accepted":
            raise SystemExit(outcome)
        sys.stdout.write(f"{name} {image.hex()}\n")
        sys.stdout.flush()
        number += 1
    writer.close()
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])

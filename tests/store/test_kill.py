from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine, func, select

from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.schema.tables import records
from driftwheel.store.windows.windows import list_windows

WRITER = Path(__file__).parent / "write_endlessly.py"


def test_what_was_answered_outlives_a_kill(database_url: str, database: Engine, model: Model) -> None:
    """kill -9 at some moment of the load, again and again on the same database."""
    answered: list[str] = []
    for moment in (1, 5, 23, 60):
        arguments = [sys.executable, str(WRITER), database_url, str(model.key), f"k{moment}"]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(moment)]
            process.kill()
            lines += [line for line in process.stdout if line.endswith("\n")]
        assert all(lines)
        answered += [name for line in lines for name in line.split()]
    with reading(database) as connection:
        kept = set(connection.execute(select(records.c.id)).scalars())
        assert connection.execute(select(func.count()).select_from(records)).scalar_one() == len(kept)
        (window,) = list_windows(connection, model.key)
    assert len(answered) == len(set(answered))
    assert set(answered) <= kept
    assert window.stale
    batches = {name.rpartition("-")[0] for name in kept}
    for batch in batches:  # all of a batch, or nothing
        number = int(batch.rpartition("-")[2])
        assert {f"{batch}-{i}" for i in range(number % 7 + 1)} <= kept

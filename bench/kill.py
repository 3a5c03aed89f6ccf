"""What a server loses that is killed under load: 200 random moments and every step, on both databases.

Each time a real server is started, four clients send records, images, truths, feedback and profiles as fast
as it takes them, and the process is killed as `kill -9` does. What they were answered is then compared with
what the store holds. `kill.py 20` kills at 20 moments; PostgreSQL is left out where it is not installed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from machine import machine_lines

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent))  # the load and the checker of histories are those of the tests

from tests.databases import running_postgres  # noqa: E402
from tests.ingest.history import History, doubled, lost  # noqa: E402
from tests.ingest.installation import Installation  # noqa: E402
from tests.ingest.killing import (  # noqa: E402
    POINTS,
    acknowledged,
    kill_again_and_again,
    kill_at_each_point,
)

MOMENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200

ABOUT = (
    "A real server, killed with `kill -9` while four clients send records, images, truths, feedback and "
    "profiles; then started again, and the last time given all that had no answer. Acknowledged: answered as "
    "kept. Lost: acknowledged, and not there in the end. Doubled: there twice, or accepted twice. Each kept "
    "item was also compared with what was sent, image bytes with it. SQLite with synchronous=FULL, "
    "PostgreSQL with its defaults."
)


def ways() -> Iterator[tuple[str, int, Callable[[Installation], History]]]:
    yield "at random moments", MOMENTS, lambda made: kill_again_and_again(made, MOMENTS, seed=2)
    yield "at each named step", len(POINTS), lambda made: kill_at_each_point(made, POINTS)


def rows_of(database: str, url_in: Callable[[Path, str], str]) -> Iterator[tuple[str, int]]:
    """Yield lines of the table, and what is wrong in each."""
    for way, kills, kill in ways():
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            installation = Installation(data, url_in(data, "bench_" + way.replace(" ", "_")))
            installation.set_up()
            start = time.monotonic()
            history = kill(installation)  # which stops at the first disagreement, whatever it is
            minutes = (time.monotonic() - start) / 60
            stored = installation.stored()
        wrong = len(lost(history.events, stored)), len(doubled(history.events, stored))
        counts = f"{kills} | {acknowledged(history):,} | {len(stored):,} | {wrong[0]} | {wrong[1]}"
        line = f"| {database} | {way} | {counts} | {minutes:.1f} |"
        print(line, flush=True)
        yield line, sum(wrong)


def main() -> None:
    rows = list(rows_of("SQLite", lambda data, _: f"sqlite:///{data}/driftwheel.sqlite"))
    with running_postgres("on") as server:
        if server is None:
            print("There is no PostgreSQL here; install the package `postgresql`.")
        else:

            def make(_: Path, name: str) -> str:
                server.execute(f"CREATE DATABASE {name}")
                return server.url(name)

            rows += rows_of("PostgreSQL", make)
    lines = [
        "# What a killed server loses",
        "",
        *machine_lines("sqlalchemy", "psycopg"),
        "",
        ABOUT,
        "",
        "| database | killed | times | acknowledged | stored | lost | doubled | minutes |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(line for line, _ in rows),
        "",
    ]
    (BENCH / "results" / "kill.md").write_text("\n".join(lines), encoding="utf-8")
    if any(wrong for _, wrong in rows):
        sys.exit("Something was lost or doubled.")


if __name__ == "__main__":
    main()

"""How much a server takes: records singly and in batches, and images, on one machine with their sender.

The server is a process as users start it, on SQLite with every commit synced; the load is a second process on
the same cores. What was acknowledged is counted in the database afterwards. `ingest.py 5` takes 5 s a row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
from sqlalchemy import func, select

from driftwheel.services.access.create_token import create_token
from driftwheel.services.access.create_user import create_user
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.models.models import create_model
from driftwheel.store.schema.tables import records
from machine import machine_lines
from throughput_files import scenes

BENCH = Path(__file__).parent
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0

ABOUT = (
    "One server on SQLite (WAL, synchronous=FULL) and the load in a second process on the same cores; "
    "{seconds:.0f} s a row after 2 s of warming up. Images are JPEG files of {size:,} bytes, each another. A "
    "request is answered when its records are on the disk; where a rate is kept, the wait for a connection "
    "counts."
)


@dataclass(frozen=True)
class Run:
    """One row: what is sent, over how many connections, at what rate, and what is promised."""

    name: str
    kind: str
    connections: int
    rate: float | None = None
    least: float | None = None  # records a second
    most_p99: float | None = None  # seconds
    worker: bool = False


RUNS = (
    Run("records singly", "singles", 32, least=800),
    Run("records, 100 a request", "batches", 8, least=8000),
    Run("images of 100 KB, as fast as they are taken", "images", 16, least=150),
    Run("images of 100 KB, 150 a second", "images", 32, rate=155, least=150, most_p99=0.150),
    Run("the same while they are measured", "images", 32, rate=155, worker=True),
)


def write_jpeg(path: Path) -> int:
    """A JPEG of about 100,000 bytes with the detail of a photo; returns its size."""
    (pixels,) = scenes(800, 600, 1)
    quality = min(
        range(50, 100),
        key=lambda quality: abs(len(cv2.imencode(".jpg", pixels, [1, quality])[1]) - 100_000),
    )
    path.write_bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
    return path.stat().st_size


def set_up(url: str) -> str:
    """Make the tables and a model; return a token."""
    now = datetime.now(UTC)
    engine = open_database(url)
    migrate(engine)
    create_user(engine, "bench", "a long password", "admin", by="bench", now=now)
    with writing(engine) as connection:
        create_model(connection, "bench", task="classification", created=now, segment_tags=["camera"])
    token = create_token(engine, "bench", "ingest", by="bench", now=now).text
    engine.dispose()
    return token


def serve(data: Path, *, worker: bool) -> tuple[subprocess.Popen[str], int]:
    """Start a server and return it with its port."""
    own = {"DRIFTWHEEL_DATA": str(data), "DRIFTWHEEL_PORT": "0", "DRIFTWHEEL_WORKER": str(worker).lower()}
    server = subprocess.Popen(
        [sys.executable, "-c", "from driftwheel.cli import main; main()", "serve"],
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        if "http://127.0.0.1:" in line:
            return server, int(line.split("http://127.0.0.1:")[1].split()[0])
    sys.exit("The server did not start.")


def cpu_seconds(process: int) -> float:
    """What a process has used of the cores, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(run: Run, folder: Path, jpeg: Path) -> dict[str, Any]:
    """One row in an installation of its own."""
    data = folder / run.name.replace(" ", "-").replace(",", "")
    url = f"sqlite:///{data}/driftwheel.sqlite"
    token = set_up(url)
    server, port = serve(data, worker=run.worker)
    try:
        spec = {"port": port, "token": token, "jpeg": str(jpeg), "kind": run.kind}
        spec |= {"connections": run.connections, "rate": run.rate}
        for name, seconds in (("warm", 2.0), ("real", SECONDS)):
            before = cpu_seconds(server.pid)
            command = [
                sys.executable,
                BENCH / "ingest_worker.py",
                json.dumps(spec | {"name": name, "seconds": seconds}),
            ]
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, timeout=seconds + 120
            )
            busy = cpu_seconds(server.pid) - before
    finally:
        server.terminate()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
    result: dict[str, Any] = json.loads(done.stdout)
    result["busy"] = busy
    engine = open_database(url)
    with reading(engine) as connection:
        kept = select(func.count()).select_from(records).where(records.c.id.like("real-%"))
        result["found"] = connection.execute(kept).scalar_one()
        measured = kept.where(records.c.state == 1)
        result["measured"] = connection.execute(measured).scalar_one()
    engine.dispose()
    return result


def main() -> None:
    missed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_jpeg(folder / "image.jpg")
        lines = [
            "# Ingest",
            "",
            *machine_lines("fastapi", "uvicorn", "sqlalchemy"),
            "",
            ABOUT.format(seconds=SECONDS, size=size),
            "",
            "| sent | connections | records/s | least | p50 ms | p99 ms | most | worst | CPU ms | lost |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for run in RUNS:
            result = measure(run, folder, folder / "image.jpg")
            speed, lost = result["records"] / result["seconds"], result["records"] - result["found"]
            if (
                lost > 0
                or (run.least and speed < run.least)
                or (run.most_p99 and result["p99"] > run.most_p99)
            ):
                missed.append(run.name)
            if set(result["answers"]) != {"202"}:
                missed.append(f"{run.name}: answers {result['answers']}")
            what = (
                f"{run.name} ({result['measured']:,} of {result['found']:,} were)" if run.worker else run.name
            )
            lines.append(
                f"| {what} | {run.connections} | {speed:,.0f} | {f'{run.least:,.0f}' if run.least else ''} "
                f"| {result['p50'] * 1000:.1f} | {result['p99'] * 1000:.1f} "
                f"| {f'{run.most_p99 * 1000:.0f}' if run.most_p99 else ''} | {result['worst'] * 1000:.0f} "
                f"| {result['busy'] * 1000 / max(result['records'], 1):.2f} | {max(lost, 0)} |"
            )
            print(lines[-1], flush=True)
    lines += [
        "",
        "`CPU`: of the server, a record. `lost`: acknowledged and not found in the database afterwards.",
        "",
    ]
    (BENCH / "results" / "ingest.md").write_text("\n".join(lines), encoding="utf-8")
    if missed:
        sys.exit(f"Not met: {'; '.join(missed)}")


if __name__ == "__main__":
    main()

"""`driftwheel backup` beside a server that takes images, and `driftwheel restore` of what it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from tests.cli.conftest import Administer
from tests.databases import PostgresServer
from tests.ingest.installation import MODEL, Installation

from driftwheel.errors import BackupError, UsageError


def command(*words: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWHEEL_")}
    line = [sys.executable, "-c", "from driftwheel.cli import main; main()", *map(str, words)]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=120)


def image(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()


def log_until(ended: threading.Event, server: Installation, acknowledged: list[str]) -> None:
    """Log images one after the other, and note each that was accepted."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        while not ended.is_set():
            name = f"r{len(acknowledged)}"
            record = {"id": name, "time": datetime.now(UTC).isoformat(), "prediction": {"class": "cat"}}
            parts = [
                ("record", (None, json.dumps(record), "application/json")),
                ("image", ("x.png", image(len(acknowledged)), "image/png")),
            ]
            headers = {"Authorization": f"Bearer {server.token}"}
            answer = client.post(f"/api/v1/models/{MODEL}/records/images", files=parts, headers=headers)
            assert answer.status_code == 202, answer.text
            acknowledged.append(name)


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_beside_a_server_under_load_holds_all_that_was_acknowledged(
    database_url: str, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = Installation(tmp_path / "data", database_url)
    server.set_up()
    server.start()
    acknowledged: list[str] = []
    ended = threading.Event()
    loader = threading.Thread(target=log_until, args=(ended, server, acknowledged))
    loader.start()
    try:
        while len(acknowledged) < 5 and loader.is_alive():
            ended.wait(0.01)
        before = len(acknowledged)
        file = tmp_path / "one.tar"
        made = command("backup", file, "--data", server.data, "--database-url", database_url)
        after = len(acknowledged)
    finally:
        ended.set()
        loader.join()
        server.stop()
    assert (made.returncode, made.stderr) == (0, "")
    assert after > before >= 5, "nothing was logged meanwhile: this shows nothing"

    url = f"sqlite:///{tmp_path}/restored/driftwheel.sqlite"
    if target == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        postgres.execute("DROP DATABASE IF EXISTS cli_restored WITH (FORCE)")
        postgres.execute("CREATE DATABASE cli_restored")
        url = postgres.url("cli_restored")
    restored = command("restore", file, "--data", tmp_path / "restored", "--database-url", url)
    assert (restored.returncode, restored.stderr) == (0, "")
    copy = Installation(tmp_path / "restored", url, token=server.token)
    kept = dict(copy.stored())
    names = {name.removeprefix("record ") for name in kept}
    assert set(acknowledged[:before]) <= names <= set(acknowledged)
    assert not any('"lost"' in content for content in kept.values())
    assert dict(server.stored()).items() >= kept.items()
    assert f"{len(names):,} records, {len(names):,} images" in made.stdout

    copy.start()  # and it goes on there, with the same tokens
    ended.clear()
    more = [f"more {number}" for number in range(len(acknowledged))]
    threading.Timer(0.5, ended.set).start()
    log_until(ended, copy, more)
    copy.stop()
    assert len(copy.stored()) >= len(names)


def test_what_is_not_empty_or_damaged_is_left_alone(
    administer: Administer, data: Path, tmp_path: Path
) -> None:
    administer("users", "add", "anna", "--role", "admin", typed="correct horse battery\n")
    file = tmp_path / "one.tar"
    made = administer("backup", file)
    assert made.output.startswith(f"{file}: 0 records, 0 images and model files, ")
    assert isinstance(administer("backup", file).exception, UsageError)
    failed = administer("restore", file)
    assert isinstance(failed.exception, UsageError)
    assert "give --replace" in str(failed.exception)
    restored = administer("restore", file, "--replace")
    assert "The database before is kept: " in restored.output
    assert "anna" in administer("users", "list").output
    file.write_bytes(file.read_bytes()[:50_000])
    assert isinstance(administer("restore", file, "--replace").exception, BackupError)
    assert "anna" in administer("users", "list").output

"""The doctor: each part well, and each ill in its own way."""

from __future__ import annotations

import http.server
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from tests.notify.receivers import served

from driftwheel.services.access.create_user import create_first_admin
from driftwheel.services.operate.examine_installation import examine_installation
from driftwheel.services.operate.examine_machine import (
    examine_disk_space,
    examine_disk_speed,
    examine_packages,
    examine_permissions,
    examine_port,
    examine_python,
    file_system_of,
    is_remote,
)
from driftwheel.services.operate.finding import Finding
from driftwheel.settings import Settings
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import create_model
from driftwheel.store.operate.audit import note
from driftwheel.store.schema.tables import records


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir(mode=0o750)
    return Settings.load(data=data, port=0, disk_reserve_bytes=1)


def found(settings: Settings, now: datetime | None = None) -> dict[str, Finding]:
    findings = examine_installation(settings, now=now or datetime.now(UTC))
    return {finding.subject: finding for finding in findings}


def states(findings: dict[str, Finding]) -> dict[str, str]:
    return {
        subject: one.state
        for subject, one in findings.items()
        if subject not in {"disk speed", "permissions"}
    }


def at(settings: Settings, database: Engine) -> Settings:
    url = database.url.render_as_string(hide_password=False)
    return settings.model_copy(update={"database_url": url})


def test_before_the_first_start_all_is_well_and_nothing_is_made(settings: Settings) -> None:
    findings = found(settings)
    assert set(states(findings).values()) == {"ok"}
    assert "is not there yet" in findings["database"].message
    assert list(settings.data.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    settings = Settings.load(data=tmp_path / "a" / "b", port=0, disk_reserve_bytes=1)
    assert set(states(found(settings)).values()) == {"ok"}
    assert not (tmp_path / "a").exists()


def test_an_installation_that_is_well(settings: Settings, database: Engine) -> None:
    create_first_admin(database, now=datetime.now(UTC))
    findings = found(at(settings, database))
    assert set(states(findings).values()) == {"ok"}
    name = "SQLite" if database.dialect.name == "sqlite" else "PostgreSQL"
    assert findings["database"].message.startswith(f"{name} ")
    assert findings["users"].message == "1 active admin"
    assert list(findings) == [
        *("Python", "packages", "settings", "permissions", "disk space", "disk speed", "images"),
        *("database", "queue", "segments", "users", "clock", "workflows", "port"),
    ]
    assert all(bool(one.advice) == (one.state != "ok") for one in findings.values())


def test_a_database_without_its_tables_fails(settings: Settings, empty_database: Engine) -> None:
    with writing(empty_database) as connection:
        connection.exec_driver_sql("CREATE TABLE other (x INTEGER)")
    findings = found(at(settings, empty_database))
    assert findings["database"].state == "fail"
    assert "its tables are not those of this release" in findings["database"].message
    assert "users" not in findings


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_a_database_that_cannot_be_opened_fails_and_the_rest_is_looked_at(
    settings: Settings, scheme: str, tmp_path: Path
) -> None:
    (tmp_path / "broken.sqlite").write_bytes(b"no database at all" * 100)
    url = (
        f"sqlite:///{tmp_path}/broken.sqlite"
        if scheme == "sqlite"
        else "postgresql+psycopg://me@127.0.0.1:1/x"
    )
    findings = found(settings.model_copy(update={"database_url": url}))
    assert findings["database"].state == "fail"
    assert "cannot be opened" in findings["database"].message
    assert findings["port"].state == "ok"


def test_no_admin_a_long_queue_and_a_clock_set_back_are_told(settings: Settings, database: Engine) -> None:
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    with writing(database) as connection:
        model = create_model(connection, "sorter", task="classification", created=now).key
        row: dict[str, Any] = {
            "model": model,
            "model_version": "",
            "time": now,
            "received": later,
            "tags": {},
        }
        for number in range(3):
            connection.execute(insert(records).values(**row, id=f"{number}", body=bytes(32), state=0))
        note(connection, later, "me", "do", "target")
    findings = found(at(settings, database).model_copy(update={"queue_records": 4}), now)
    assert (findings["users"].state, findings["users"].message) == ("warn", "no active admin")
    assert findings["queue"].message == "3 of at most 4 records wait to be measured"
    assert findings["queue"].state == "warn"
    if database.dialect.name == "sqlite":
        assert findings["clock"].state == "warn"
        assert "the last that was logged is from" in findings["clock"].message
    else:  # it has a clock of its own, which agrees
        assert findings["clock"].state == "ok"
        message = found(at(settings, database), later)["clock"].message
        said = re.search(r"the database's differs by (\d,\d{3}) s$", message)
        assert said
        assert 3540 < int(said[1].replace(",", "")) <= 3600


def test_workflows_are_counted_and_their_file_is_left_as_it_is(settings: Settings) -> None:
    file = settings.data / "workflows.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE workflow_status (status TEXT)")
        connection.executemany(
            "INSERT INTO workflow_status VALUES (?)", [("SUCCESS",), ("SUCCESS",), ("PENDING",)]
        )
        connection.commit()
    before = file.read_bytes()
    assert found(settings)["workflows"].message == "1 pending, 2 success"
    assert file.read_bytes() == before
    file.write_bytes(b"no database at all" * 100)
    assert found(settings)["workflows"].state == "fail"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"allowed_hosts": "*"}, "every host name is allowed"),
        ({"host": "0.0.0.0", "secure_cookies": "never"}, "log-ins may travel unencrypted"),
        ({"max_body_bytes": 10, "max_image_bytes": 20}, "an image may have 20 bytes, a body only 10"),
    ],
)
def test_settings_that_are_risky_are_told(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    findings = found(Settings.load(data=tmp_path, port=0, **change))
    assert findings["settings"].state == "warn"
    assert message in findings["settings"].message


def test_images_that_cannot_be_kept_fail_and_a_probe_leaves_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    findings = found(settings.model_copy(update={"blobs": f"file://{tmp_path}/file/blobs"}))
    assert findings["images"].state == "fail"
    (tmp_path / "blobs").mkdir()
    findings = found(settings.model_copy(update={"blobs": f"file://{tmp_path}/blobs"}))
    assert findings["images"].state == "ok"
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_this_python_and_its_packages_are_enough() -> None:
    assert examine_python().state == "ok"
    assert examine_packages().state == "ok"


def test_little_disk_space_is_told_before_and_when_nothing_is_accepted(tmp_path: Path) -> None:
    free = 1
    assert examine_disk_space(tmp_path, free).state == "ok"
    assert examine_disk_space(tmp_path, 10**18).state == "fail"
    assert "nothing is accepted" in examine_disk_space(tmp_path, 10**18).message
    import shutil

    almost = int(shutil.disk_usage(tmp_path).free * 0.7)
    assert examine_disk_space(tmp_path, almost).state == "warn"


def test_a_slow_disk_is_told_with_what_that_means() -> None:
    ticks = count()
    with TemporaryDirectory(dir="/var/tmp") as folder:  # where folders of tests are in memory, that is not
        if file_system_of(Path(folder)) in {"tmpfs", "ramfs"}:
            pytest.skip("no disk at /var/tmp")
        finding = examine_disk_speed(Path(folder), timer=lambda: next(ticks) * 0.02)
    assert finding.state == "warn"
    assert finding.message.startswith("20.0 ms to sync a write in ")
    assert "at most 50 commits a second" in finding.message


def test_memory_is_no_disk() -> None:
    memory = Path("/dev/shm")
    if file_system_of(memory) != "tmpfs":
        pytest.skip("no tmpfs at /dev/shm")
    assert "which is memory" in examine_disk_speed(memory).message


def test_file_systems_are_told_apart() -> None:
    assert is_remote("nfs4")
    assert not is_remote("ext4")
    if Path("/proc/self/mounts").exists():
        assert file_system_of(Path("/proc")) == "proc"


def test_a_folder_open_to_all_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert "every user of this machine can look into" in examine_permissions(tmp_path).message
    tmp_path.chmod(0o750)
    assert examine_permissions(tmp_path).state == "ok"


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A web server that answers `/livez` so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/livez" else 404)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with served(http.server.HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


def test_a_port_is_free_ours_or_anothers() -> None:
    with answering(200) as port:
        assert (
            examine_port("127.0.0.1", port).message
            == f"a Driftwheel server answers at 127.0.0.1, port {port}"
        )
    assert examine_port("127.0.0.1", port).message == f"127.0.0.1, port {port} is free"
    with answering(404) as port:
        assert examine_port("127.0.0.1", port).state == "fail"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = examine_port("127.0.0.1", silent.getsockname()[1])
    assert finding.state == "fail"
    assert "another program listens" in finding.message


def test_an_address_that_is_not_ours_cannot_be_listened_on() -> None:
    finding = examine_port("192.0.2.1", 8080)
    assert finding.state == "fail"
    assert "cannot listen at 192.0.2.1" in finding.message

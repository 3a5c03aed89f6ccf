"""Room on the disks: looked at now and then while there is some, and every time once there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from driftwheel.errors import StorageFullError
from driftwheel.services.ingest.ingest_room import Room
from driftwheel.settings import Settings
from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.writer import RecordWriter

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
MOMENT = timedelta(milliseconds=99)
RESERVE = 1000


@dataclass
class Disk:
    """Has `free` bytes, and counts how often it was asked."""

    free: int = 10_000
    looks: list[Path] = field(default_factory=list)

    def usage(self, folder: Path) -> SimpleNamespace:
        self.looks.append(folder)
        return SimpleNamespace(free=self.free)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    return disk


@pytest.fixture
def room(tmp_path: Path, disk: Disk) -> Iterator[Room]:
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    settings = Settings.load(data=tmp_path, disk_reserve_bytes=RESERVE)
    with RecordWriter(engine, most_waiting=1000) as writer:
        yield Room(engine, Blobs.open(settings.blobs, reserve=RESERVE), writer, settings)
    engine.dispose()


def let_through(room: Room, now: datetime, size: int = 0) -> bool:
    try:
        room.check(1, images=0, size=size, now=now)
    except StorageFullError:
        return False
    return True


def test_one_look_every_tenth_of_a_second_at_a_disk_that_both_share(room: Room, disk: Disk) -> None:
    assert all(let_through(room, NOW + MOMENT * part) for part in (0, 0.2, 0.5, 1))
    assert len(disk.looks) == 1
    assert let_through(room, NOW + timedelta(milliseconds=100))
    assert len(disk.looks) == 2
    assert let_through(room, NOW - timedelta(hours=1))  # the clock was set back
    assert len(disk.looks) == 3


def test_what_was_let_through_since_the_look_counts(room: Room, disk: Disk) -> None:
    assert let_through(room, NOW, size=9000)
    disk.free = 1000
    assert not let_through(room, NOW + MOMENT, size=1)
    assert not let_through(room, NOW + MOMENT, size=9001)


def test_what_others_write_is_seen_a_tenth_of_a_second_later(room: Room, disk: Disk) -> None:
    assert let_through(room, NOW)
    disk.free = RESERVE - 1
    assert let_through(room, NOW + MOMENT)
    assert not let_through(room, NOW + timedelta(milliseconds=100))


def test_a_full_disk_is_looked_at_every_time_and_goes_on_at_once(room: Room, disk: Disk) -> None:
    disk.free = RESERVE - 1
    for looks in (1, 2, 3):
        assert not let_through(room, NOW)
        assert len(disk.looks) == looks
    disk.free = RESERVE
    assert let_through(room, NOW)

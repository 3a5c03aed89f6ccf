"""Back up while others write, and restore: nothing acknowledged is missing, and nothing half restored."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update
from tests import fork_server
from tests.databases import PostgresServer

from driftwheel.errors import BackupError, StorageFullError, UsageError
from driftwheel.services.operate.back_up import Backup, back_up
from driftwheel.services.operate.backup_archive import Manifest, check_archive, writing_archive
from driftwheel.services.operate.restore import Restored, restore
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import create_model
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.schema.all_tables import METADATA
from driftwheel.store.schema.tables import records

pytestmark = pytest.mark.long

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITER = Path(__file__).parents[1] / "write_records.py"


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


@pytest.fixture
def model(database: Engine) -> int:
    with writing(database) as connection:
        return create_model(connection, "sorter", task="classification", created=NOW).key


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database to restore into, without any table."""
    if request.param == "sqlite":
        engine = open_database(f"sqlite:///{tmp_path / 'target' / 'driftwheel.sqlite'}")
        yield engine
        engine.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    server.execute("CREATE DATABASE restored")
    engine = open_database(server.url("restored"))
    yield engine
    engine.dispose()
    server.execute("DROP DATABASE restored WITH (FORCE)")


def log(engine: Engine, blobs: Blobs, model: int, name: str, data: bytes) -> bytes:
    digest = blobs.put(data)
    values = {"model": model, "id": name, "body": digest, "model_version": "", "time": NOW, "received": NOW}
    with writing(engine) as connection:
        connection.execute(insert(records).values(**values, tags={"camera": name}, image=digest, state=0))
    return digest


def save(engine: Engine, blobs: Blobs, folder: Path, name: str = "one.tar") -> Backup:
    return back_up(engine, blobs, folder / name, now=NOW, wait=lambda seconds: None)


def bring_back(file: Path, engine: Engine, blobs: Blobs, folder: Path, **more: Any) -> Restored:
    return restore(file, engine, blobs, scratch=folder, workflows=None, now=NOW, by="test", **more)


def everything(engine: Engine) -> dict[str, list[Any]]:
    with reading(engine) as connection:
        return {
            table.name: list(connection.execute(select(table).order_by(*table.primary_key.columns)))
            for table in METADATA.sorted_tables
            if table.name != "audit"
        }


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


def rewritten(file: Path, parts: dict[str, bytes]) -> Path:
    with tarfile.open(file, "w") as tar:
        for name, data in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return file


@contextmanager
def writer_running(url: str, blobs: Blobs, prefix: str, seen: list[tuple[str, str]]) -> Iterator[None]:
    """A process that logs, from when its first record was acknowledged; `seen` grows by each."""
    command = [sys.executable, str(WRITER), url, blobs.root, prefix]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None

        def follow(lines: Any) -> None:
            for line in lines:
                name, digest = line.split()
                seen.append((name, digest))

        follow([process.stdout.readline()])
        reader = Thread(target=follow, args=(process.stdout,))
        reader.start()
        try:
            yield
        finally:
            process.stdin.close()
            reader.join()
    assert process.returncode == 0


def test_backups_taken_while_a_process_writes_hold_all_that_was_acknowledged(
    database: Engine, blobs: Blobs, model: int, target: Engine, tmp_path: Path
) -> None:
    acknowledged: list[tuple[str, str]] = []
    taken: list[tuple[Backup, set[tuple[str, str]]]] = []
    url = database.url.render_as_string(hide_password=False)
    with writer_running(url, blobs, "w", acknowledged):
        for number in range(3):
            before = set(acknowledged)
            taken.append((save(database, blobs, tmp_path, f"{number}.tar"), before))
    counts = [len(before) for _, before in taken]
    assert 0 < counts[0] < counts[2] < len(acknowledged), "the writer stood still: this shows nothing"
    backup, before = taken[2]
    fresh = Blobs.open(str(tmp_path / "fresh"))
    restored = bring_back(backup.file, target, fresh, tmp_path)
    assert restored.missing == 0
    there = {(row.id, row.image.hex()) for row in everything(target)["records"]}
    assert before <= there <= set(acknowledged)
    assert backup.manifest.tables["records"] == len(there) == backup.manifest.blobs == restored.blobs
    for _, digest in there:
        assert hashlib.sha256(fresh.get(bytes.fromhex(digest))).hexdigest() == digest


def test_a_backup_of_either_database_goes_into_either_with_every_row(
    database: Engine, blobs: Blobs, model: int, target: Engine, tmp_path: Path
) -> None:
    for number in range(3):
        log(database, blobs, model, f"r{number}", f"image {number}".encode())
    backup = save(database, blobs, tmp_path)
    assert backup.manifest.database == database.dialect.name
    assert backup.file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".*")] == []
    fresh = Blobs.open(str(tmp_path / "fresh"))
    restored = bring_back(backup.file, target, fresh, tmp_path)
    assert (restored.blobs, restored.missing, restored.replaced) == (3, 0, None)
    assert everything(target) == everything(database)
    with reading(target) as connection:
        (entry,) = list_audit(connection)
    assert (entry.action, entry.target, entry.by) == ("restore", "one.tar", "test")
    with writing(target) as connection:  # it goes on: keys are given after the last
        create_model(connection, "welds", task="detection", created=NOW)
    log(target, fresh, model, "r3", b"another image")
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_blob_that_retention_deletes_meanwhile_is_no_longer_named(
    database: Engine, blobs: Blobs, model: int, tmp_path: Path
) -> None:
    """The tables are copied, then the blob goes, and its record no longer names it."""
    kept, gone = (log(database, blobs, model, name, name.encode()) for name in ("kept", "gone"))

    class Deleting(Blobs):
        def get(self, digest: bytes) -> bytes:
            if digest == gone and self.exists(gone):
                with writing(database) as connection:
                    connection.execute(update(records).where(records.c.image == gone).values(image=None))
                self.delete(gone)
            return super().get(digest)

    backup = save(database, Deleting(blobs.system, blobs.root, blobs.folder), tmp_path)
    assert backup.manifest.missing == ()
    assert set(members(backup.file)) == {f"blobs/{kept.hex()}", "database.sqlite", "manifest.json"}
    target = open_database(f"sqlite:///{tmp_path / 'target.sqlite'}")
    restored = bring_back(backup.file, target, Blobs.open(str(tmp_path / "fresh")), tmp_path)
    target.dispose()
    assert (restored.blobs, restored.missing) == (1, 0)


def test_lost_and_damaged_blobs_are_told_and_the_rest_is_saved(
    database: Engine, blobs: Blobs, model: int, tmp_path: Path
) -> None:
    whole, lost, damaged = (log(database, blobs, model, name, name.encode()) for name in "abc")
    blobs.delete(lost)
    (Path(blobs.root) / damaged.hex()[:2] / damaged.hex()[2:]).write_bytes(b"something else")
    waits: list[float] = []
    backup = back_up(database, blobs, tmp_path / "one.tar", now=NOW, wait=waits.append)
    assert set(backup.manifest.missing) == {lost.hex(), damaged.hex()}
    assert len(waits) == 4  # it may only have been out of sight
    assert f"blobs/{whole.hex()}" in members(backup.file)
    target = open_database(f"sqlite:///{tmp_path / 'target.sqlite'}")
    assert bring_back(backup.file, target, Blobs.open(str(tmp_path / "fresh")), tmp_path).missing == 2
    target.dispose()


def test_a_restore_heals_blobs_that_are_lost_or_damaged(
    database: Engine, blobs: Blobs, model: int, target: Engine, tmp_path: Path
) -> None:
    whole, lost, damaged = (log(database, blobs, model, name, name.encode()) for name in "abc")
    backup = save(database, blobs, tmp_path)
    blobs.delete(lost)
    (Path(blobs.root) / damaged.hex()[:2] / damaged.hex()[2:]).write_bytes(b"something else")
    assert bring_back(backup.file, target, blobs, tmp_path).blobs == 2
    assert [blobs.get(digest) for digest in (whole, lost, damaged)] == [b"a", b"b", b"c"]


def test_an_installation_that_is_not_empty_is_kept_unless_told(
    database: Engine, database_url: str, blobs: Blobs, model: int, tmp_path: Path
) -> None:
    log(database, blobs, model, "old", b"old")
    backup = save(database, blobs, tmp_path)
    log(database, blobs, model, "new", b"new")
    database.dispose()
    with pytest.raises(UsageError, match=r"The installation is not empty.*give --replace"):
        bring_back(backup.file, database, blobs, tmp_path)
    assert [row.id for row in everything(database)["records"]] == ["old", "new"]
    restored = bring_back(backup.file, database, blobs, tmp_path, replace=True)
    assert [row.id for row in everything(database)["records"]] == ["old"]
    if database.dialect.name == "sqlite":
        assert restored.replaced is not None
        before = open_database(f"sqlite:///{restored.replaced}")
        assert [row.id for row in everything(before)["records"]] == ["old", "new"]
        before.dispose()


def test_two_restores_in_one_second_keep_both_databases_that_stood_there(
    blobs: Blobs, tmp_path: Path
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    migrate(database)
    with writing(database) as connection:
        model = create_model(connection, "sorter", task="classification", created=NOW).key
    log(database, blobs, model, "old", b"old")
    backup = save(database, blobs, tmp_path)
    kept = []
    for name in ("first", "second"):
        log(database, blobs, model, name, name.encode())
        kept.append(bring_back(backup.file, database, blobs, tmp_path, replace=True).replaced)
    for path, name in zip(kept, ("first", "second"), strict=True):
        before = open_database(f"sqlite:///{path}")
        assert {row.id for row in everything(before)["records"]} == {"old", name}
        before.dispose()
    database.dispose()


def test_a_database_in_use_is_not_restored_into(
    database: Engine, database_url: str, blobs: Blobs, model: int, tmp_path: Path
) -> None:
    backup = save(database, blobs, tmp_path)
    server = open_database(database_url)
    everything(server)
    with pytest.raises(UsageError, match=r"The database is in use\. Stop every server and worker"):
        bring_back(backup.file, database, blobs, tmp_path, replace=True)
    server.dispose()
    bring_back(backup.file, database, blobs, tmp_path, replace=True)


def flip_in(name: str) -> Any:
    def damage(parts: dict[str, bytes]) -> dict[str, bytes]:
        (key,) = (one for one in parts if one.startswith(name))
        data = bytearray(parts[key])
        data[len(data) // 2] ^= 1
        return parts | {key: bytes(data)}

    return damage


def without(name: str) -> Any:
    return lambda parts: {key: data for key, data in parts.items() if not key.startswith(name)}


def manifest_with(**values: Any) -> Any:
    def damage(parts: dict[str, bytes]) -> dict[str, bytes]:
        document = json.loads(parts["manifest.json"]) | values
        return parts | {"manifest.json": json.dumps(document).encode()}

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_in("blobs/"), r"is damaged: 'blobs/[0-9a-f]{64}' is not what was written"),
        (flip_in("database"), "is damaged: 'database.sqlite'"),
        (without("blobs/"), "should hold 1 blobs of 5 bytes; it holds 0 of 0"),
        (without("database"), "is damaged: 'database.sqlite'"),
        (without("manifest"), "has no manifest at its end: it was cut short"),
        (manifest_with(format_version=2), "is of format 2; this release reads 1"),
        (manifest_with(more=1), "is damaged: 'manifest.json'"),
        (lambda parts: {"../../etc/passwd": b"x"} | parts, "it holds '../../etc/passwd', which none does"),
        (lambda parts: {"blobs/../x": b"x"} | parts, "it holds 'blobs/../x', which none does"),
        (lambda parts: parts | {"database.sqlite ": b"x"}, "which none does"),
        (
            lambda parts: parts | {f"blobs/{hashlib.sha256(b'x').hexdigest()}": b"x"},
            "goes on after its manifest",
        ),
    ],
)
def test_a_damaged_backup_changes_nothing(tmp_path: Path, damage: Any, message: str) -> None:
    source = open_database(f"sqlite:///{tmp_path / 'source.sqlite'}")
    migrate(source)
    with writing(source) as connection:
        key = create_model(connection, "sorter", task="classification", created=NOW).key
    blobs = Blobs.open(str(tmp_path / "blobs"))
    log(source, blobs, key, "one", b"image")
    parts = members(save(source, blobs, tmp_path).file)
    source.dispose()
    file = rewritten(tmp_path / "damaged.tar", damage(parts))
    target = open_database(f"sqlite:///{tmp_path / 'target.sqlite'}")
    fresh = Blobs.open(str(tmp_path / "fresh"))
    with pytest.raises(BackupError, match=message.replace("..", r"\.\.")):
        bring_back(file, target, fresh, tmp_path)
    target.dispose()
    assert not (tmp_path / "target.sqlite").exists()
    assert list(fresh.walk()) == []
    whole = rewritten(tmp_path / "whole.tar", parts)
    check_archive(whole)  # it was the damage


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_a_backup_cut_short_anywhere_is_refused(tmp_path: Path, share: float) -> None:
    file = tmp_path / "one.tar"
    manifest = Manifest(1, "0", NOW.isoformat(), "sqlite", "r", "", {}, 30, 30 * 700, ())
    with writing_archive(file, NOW) as archive:
        for number in range(30):
            data = bytes([number]) * 700
            archive.add_blob(hashlib.sha256(data).digest(), data)
        database = tmp_path / "database"
        database.write_bytes(b"tables")
        archive.add_manifest(
            Manifest(**{**vars_of(manifest), "database_sha256": archive.add_database(database)})
        )
    check_archive(file)
    size = file.stat().st_size - 10_240  # the end is padding
    os.truncate(file, int(size * share))
    with pytest.raises(BackupError, match=r"cut short|cannot be read as a backup"):
        check_archive(file)


def vars_of(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


@pytest.mark.parametrize("data", [b"", b"no tar at all" * 1000, b"\x00" * 20_480])
def test_what_is_no_tar_is_said(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(data)
    with pytest.raises(BackupError, match=r"cannot be read as a backup|has no manifest"):
        check_archive(file)


def test_a_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be read: Is a directory"):
        check_archive(tmp_path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"There is no file '.*x.tar'"):
        check_archive(tmp_path / "x.tar")


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.tar"
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo("database.sqlite")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(BackupError, match=r"it holds 'database\.sqlite', which none does"):
        check_archive(file)


def test_nothing_is_written_over_and_a_folder_must_be_there(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'd.sqlite'}")
    migrate(engine)
    blobs = Blobs.open(str(tmp_path / "blobs"))
    (tmp_path / "one.tar").write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists already, and a backup never writes over anything"):
        save(engine, blobs, tmp_path)
    assert (tmp_path / "one.tar").read_bytes() == b"precious"
    with pytest.raises(UsageError, match=r"there is no folder .*mkdir -p"):
        save(engine, blobs, tmp_path / "nowhere")
    engine.dispose()


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> None:
        with writing_archive(tmp_path / "one.tar", NOW) as archive:
            archive.add_blob(b"\x00" * 32, b"data")
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageFullError, match=re.escape(f"No space is left in '{tmp_path}' for the backup")):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_newer_release_is_refused_before_anything_changes(tmp_path: Path) -> None:
    source = open_database(f"sqlite:///{tmp_path / 'source.sqlite'}")
    migrate(source)
    with source.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")
    backup = save(source, Blobs.open(str(tmp_path / "blobs")), tmp_path)
    source.dispose()
    target = open_database(f"sqlite:///{tmp_path / 'target.sqlite'}")
    with pytest.raises(UsageError, match="'r9999', which this release does not know: a newer one wrote it"):
        bring_back(backup.file, target, Blobs.open(str(tmp_path / "fresh")), tmp_path)
    target.dispose()
    assert not (tmp_path / "target.sqlite").exists()


def test_the_memory_of_an_archive_does_not_grow_with_its_blobs(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        with writing_archive(tmp_path / f"{count}.tar", NOW) as archive:
            for number in range(count):
                archive.add_blob(number.to_bytes(32), b"x")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(2000) < peak(100) + 100_000


@pytest.mark.parametrize(
    "point", ["restore-checked", "restore-blobs-put", "restore-kept-old", "restore-done"]
)
def test_a_restore_that_is_killed_leaves_the_old_or_the_new_and_can_be_given_again(
    database: Engine, blobs: Blobs, model: int, tmp_path: Path, point: str
) -> None:
    if point == "restore-kept-old" and database.dialect.name == "postgresql":
        pytest.skip("PostgreSQL changes in one transaction")
    log(database, blobs, model, "old", b"old")
    backup = save(database, blobs, tmp_path)
    new = log(database, blobs, model, "new", b"new")
    blobs.delete(blobs.put(b"old"))
    url = database.url.render_as_string(hide_password=False)
    database.dispose()
    words = ["restore", str(backup.file), "--replace", "--data", str(tmp_path), "--database-url", url]

    def restored(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return fork_server.run("driftwheel", *words, "--blobs", blobs.root, environment=environment)

    killed = restored(os.environ | {"DRIFTWHEEL_CRASH_AT": point})
    assert killed.returncode == -9, killed.stderr
    names = [row.id for row in everything(database)["records"]]
    assert names == (["old"] if point == "restore-done" else ["old", "new"])
    assert blobs.get(new) == b"new"
    database.dispose()
    again = restored(dict(os.environ))
    assert again.returncode == 0, again.stderr
    assert [row.id for row in everything(database)["records"]] == ["old"]
    assert blobs.get(hashlib.sha256(b"old").digest()) == b"old"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_blobs_elsewhere_than_on_a_disk_are_saved_too(database: Engine, model: int, tmp_path: Path) -> None:
    bucket = Blobs.open(f"memory://{tmp_path.name}")
    digest = log(database, bucket, model, "one", b"image")
    lost = log(database, bucket, model, "two", b"lost")
    bucket.delete(lost)
    backup = save(database, bucket, tmp_path)
    assert backup.manifest.missing == (lost.hex(),)
    target = open_database(f"sqlite:///{tmp_path / 'target.sqlite'}")
    other = Blobs.open(f"memory://other-{tmp_path.name}")
    bring_back(backup.file, target, other, tmp_path)
    target.dispose()
    assert other.get(digest) == b"image"

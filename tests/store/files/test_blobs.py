"""Blobs are whole or absent, kept once `put` has returned, and come back when they are used after all."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest
from fsspec.registry import _registry
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.s3_server import S3Server

from driftwheel.errors import BlobsUnreachableError, MissingExtraError, StorageFullError, UsageError
from driftwheel.store.files.blobs import Blobs

MANY = bytes(range(256)) * 1000


@pytest.fixture(params=["file", "memory", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    """A local folder, and two stores that are none."""
    if request.param == "file":
        yield Blobs.open((tmp_path / "blobs").as_uri())
        return
    if request.param == "s3":
        request.getfixturevalue("s3_server")
        yield Blobs.open("s3://bucket/some/prefix")
        return
    yield Blobs.open("memory://blobs")
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def local(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def files(blobs: Blobs) -> list[Path]:
    assert blobs.folder is not None
    return sorted(path for path in blobs.folder.rglob("*") if path.is_file())


def test_what_was_put_is_got_by_its_sha256(blobs: Blobs) -> None:
    digest = blobs.put(MANY)
    assert digest == hashlib.sha256(MANY).digest()
    assert blobs.exists(digest)
    assert blobs.size(digest) == len(MANY)
    assert blobs.get(digest) == MANY
    with blobs.open_file(digest) as file:
        assert file.read(3) == MANY[:3]


def test_twice_is_once(blobs: Blobs) -> None:
    assert blobs.put(b"a") == blobs.put(b"a")
    assert list(blobs.walk()) == [hashlib.sha256(b"a").digest()]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=8))
def test_walk_finds_every_blob_once(contents: list[bytes]) -> None:
    system = fsspec.filesystem("memory")
    system.store.clear()
    blobs = Blobs.open("memory://walk")
    put = [blobs.put(data) for data in contents]
    assert sorted(blobs.walk()) == sorted(set(put))
    system.store.clear()


def test_what_is_not_there_is_not_found(blobs: Blobs) -> None:
    digest = bytes(32)
    assert not blobs.exists(digest)
    for ask in (blobs.get, blobs.open_file, blobs.size):
        with pytest.raises(FileNotFoundError):
            ask(digest)
    assert blobs.delete(digest)


@pytest.mark.parametrize("name", [b"", b"../../etc/passwd", bytes(31), bytes(33)])
def test_a_name_that_is_no_digest_is_refused(blobs: Blobs, name: bytes) -> None:
    with pytest.raises(UsageError, match="32 bytes of SHA-256"):
        blobs.get(name)


def test_a_link_beside_the_blobs_is_no_blob(local: Blobs, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    assert local.folder is not None
    (local.folder / "ab" / "link").symlink_to(tmp_path / "secret")
    assert list(local.walk()) == []


def test_deleted_is_gone(blobs: Blobs) -> None:
    digest = blobs.put(b"a")
    assert blobs.delete(digest)
    assert not blobs.exists(digest)
    assert list(blobs.walk()) == []


def test_what_is_used_after_all_comes_back(blobs: Blobs) -> None:
    digest = blobs.put(b"a")
    seen = []

    def is_used() -> bool:
        seen.append(blobs.exists(digest))
        return True

    assert not blobs.delete(digest, unless=is_used)
    assert seen == [False]  # who looks while the database is asked does not find it, and puts it again
    assert blobs.get(digest) == b"a"


def test_put_while_it_is_being_deleted_wins(blobs: Blobs) -> None:
    digest = blobs.put(b"a")
    blobs.delete(digest, unless=lambda: bool(blobs.put(b"a")) and False)
    assert blobs.get(digest) == b"a"


def test_a_process_that_ended_while_deleting_loses_nothing(blobs: Blobs) -> None:
    digest = blobs.put(b"a")

    def end() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blobs.delete(digest, unless=end)
    assert not blobs.exists(digest)
    assert list(blobs.walk()) == []
    again = Blobs.open(blobs.system.unstrip_protocol(blobs.root))
    assert again.get(digest) == b"a"
    assert list(again.walk()) == [digest]
    assert again.restore_set_aside() == 0


def test_every_step_is_told_in_its_order_and_nothing_is_left_beside(tmp_path: Path) -> None:
    steps: list[str] = []
    blobs = Blobs.open(str(tmp_path / "blobs"), on_step=steps.append)
    digest = blobs.put(b"a")
    assert steps == ["blob-written", "blob-synced", "blob-renamed", "blob-kept"]
    assert [path.name for path in files(blobs)] == [digest.hex()[2:]]


def test_each_name_is_seen_only_after_its_bytes_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync = os.fsync

    def note_sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        done.append("sync folder" if path.is_dir() else "sync file")
        sync(descriptor)

    blobs = Blobs.open(str(tmp_path / "blobs"), on_step=done.append)
    monkeypatch.setattr(os, "fsync", note_sync)
    blobs.put(b"a")
    assert done == ["blob-written", "sync file", "blob-synced", "blob-renamed", "sync folder", "blob-kept"]
    done.clear()
    blobs.put(b"a")  # who renamed it may not have synced the folder
    assert done == ["sync folder", "blob-kept"]


@pytest.mark.parametrize("nth", [1, 2])
def test_when_syncing_fails_nothing_is_promised_and_the_next_try_works(
    local: Blobs, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    calls = []
    sync = os.fsync

    def fail(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == nth:
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        local.put(b"a")
    assert [path for path in files(local) if path.name.startswith(".")] == []
    if nth == 1:
        assert files(local) == []
    digest = local.put(b"a")
    assert len(calls) == nth + 3 - nth  # anew: the file and its folder, or the folder alone
    assert local.get(digest) == b"a"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such(local: Blobs, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, "full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageFullError, match="No space is left in"):
        local.put(b"a")
    monkeypatch.undo()
    assert files(local) == []
    local.put(b"a")


def test_the_reserve_is_left_alone_before_a_byte_is_written(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"), reserve=2**60)
    with pytest.raises(StorageFullError, match=r"beyond the 1,099,511,627,776 MiB that are to stay free"):
        blobs.put(b"a")
    assert files(blobs) == []


def test_left_temporary_files_are_swept_when_they_are_old(local: Blobs) -> None:
    digest = local.put(b"a")
    assert local.folder is not None
    left = local.folder / "ab" / ".cdef.12345678"
    left.write_bytes(b"half")
    assert list(local.walk()) == [digest]
    now = datetime.now(UTC)
    assert local.sweep(now - timedelta(hours=1)) == 0
    assert local.sweep(now + timedelta(hours=1)) == 1
    assert not left.exists()
    assert local.get(digest) == b"a"


def test_many_threads_put_the_same_and_others(local: Blobs) -> None:
    contents = [bytes([number]) * 5000 for number in range(20)]

    def put() -> None:
        for data in contents:
            local.put(data)

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(local.get(digest) for digest in local.walk()) == sorted(contents)
    assert len(files(local)) == 20


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    digest = Blobs.open((tmp_path / "blobs").as_uri()).put(b"a")
    assert Blobs.open(str(tmp_path / "blobs")).get(digest) == b"a"


def test_what_another_process_deletes_is_seen_at_once(blobs: Blobs) -> None:
    """No listing is remembered: a blob that seemed to be there would not be put again."""
    digest = blobs.put(b"a")
    kept = blobs.put(b"b")
    assert set(blobs.walk()) == {digest, kept}
    path = f"{blobs.root}/{digest.hex()[:2]}/{digest.hex()[2:]}"
    other = type(blobs.system)(skip_instance_cache=True)
    other.rm_file(path)
    assert not blobs.exists(digest)
    assert list(blobs.walk()) == [kept]
    blobs.put(b"a")
    assert blobs.get(digest) == b"a"


def test_a_store_that_does_not_answer_is_told_as_such(s3_server: S3Server) -> None:
    blobs = Blobs.open("s3://bucket/prefix")
    digest = blobs.put(b"a")
    s3_server.stop()
    try:
        for ask in (lambda: blobs.put(b"b"), lambda: blobs.get(digest), lambda: blobs.exists(digest)):
            with pytest.raises(BlobsUnreachableError, match="bucket/prefix cannot be reached now: Could not"):
                ask()
    finally:
        s3_server.start()
    assert not blobs.exists(digest)  # it is empty now
    Blobs.open("s3://bucket/prefix").put(b"a")
    assert blobs.get(digest) == b"a"


def test_s3_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)  # another test may have loaded it
    with pytest.raises(MissingExtraError, match=r"pip install 'driftwheel\[s3\]'"):
        Blobs.open("s3://bucket/prefix")


@pytest.mark.parametrize("url", ["nonsense://here", "file:///dev/null/blobs"])
def test_a_place_where_nothing_can_be_kept_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="Blobs cannot be kept at"):
        Blobs.open(url)

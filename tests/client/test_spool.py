"""The spool: what is in it survives everything, and is bounded."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.client import segment
from driftwheel.client.item import Item, Kind, first_batch
from driftwheel.client.spool import Spool
from driftwheel.client.stats import Tally

ITEMS = [Item(Kind.RECORD, f'{{"id":"{i}"}}'.encode(), bytes([i]) * 1000) for i in range(20)]
ANY_ITEM = st.builds(Item, st.sampled_from(Kind), st.binary(max_size=50), st.binary(max_size=50))


def open_spool(folder: Path, most: int = 1 << 20, segment_bytes: int = 4000) -> Spool:
    return Spool(folder, most, Tally(), segment_bytes=segment_bytes)


def drain(spool: Spool, most: int = 3) -> list[Item]:
    found: list[Item] = []
    while batch := spool.peek(most, 1 << 30):
        found += batch
        spool.forget(len(batch))
    return found


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(ANY_ITEM, max_size=5), max_size=8), st.integers(1, 4))
def test_everything_comes_out_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, appended: list[list[Item]], most: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = open_spool(folder, segment_bytes=100)
    for items in appended:
        assert spool.append(items) == len(items)
    assert spool.count() == sum(map(len, appended))
    assert drain(spool, most) == [item for items in appended for item in items]
    assert spool.count() == 0
    spool.close()
    assert list(folder.glob("*.spool")) == []


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    spool = open_spool(tmp_path / "deep" / "spool")
    assert (spool.peek(1, 1), spool.count()) == ([], 0)
    assert not (tmp_path / "deep").exists()
    assert spool.append(ITEMS[:1]) == 1
    spool.close()


def test_it_is_read_and_written_by_turns(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append(ITEMS[:2])
    assert spool.peek(1, 1 << 30) == ITEMS[:1]
    spool.append(ITEMS[2:4])
    assert spool.peek(5, 1 << 30) == ITEMS[:2]
    spool.forget(1)
    assert spool.count() == 3
    assert drain(spool) == ITEMS[1:4]
    spool.close()


def test_the_bound_holds_for_all_who_share_it(tmp_path: Path) -> None:
    one, other = open_spool(tmp_path, 10_500), open_spool(tmp_path, 10_500)
    assert one.append(ITEMS[:6]) == 6
    assert other.append(ITEMS[6:]) == 4
    assert one.append(ITEMS[:1]) == 0
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_500
    batch = one.peek(3, 1 << 30)
    one.forget(len(batch))
    drain(one)
    assert one.append(ITEMS[:1]) == 1
    one.close()
    other.close()


def test_the_next_process_finds_what_was_left(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    first.append(ITEMS)
    first.peek(2, 1 << 30)
    first.forget(2)
    first.close()
    second = open_spool(tmp_path)
    assert second.count() == 18
    assert drain(second) == ITEMS[2:]
    second.close()


def test_what_another_holds_is_left_to_it(tmp_path: Path) -> None:
    one, other = open_spool(tmp_path, segment_bytes=1), open_spool(tmp_path)
    one.append(ITEMS[:1])
    one.append(ITEMS[1:2])
    assert one.peek(9, 1 << 30) == ITEMS[:1]
    assert other.peek(9, 1 << 30) == ITEMS[1:2]
    assert open_spool(tmp_path).peek(9, 1 << 30) == []
    one.close()
    other.forget(1)
    assert other.peek(9, 1 << 30) == ITEMS[:1]
    other.close()


def test_two_processes_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    code = """if True:
        import sys, pathlib
        from driftwheel.client.item import Item, Kind
        from driftwheel.client.spool import Spool
        from driftwheel.client.stats import Tally
        spool = Spool(pathlib.Path(sys.argv[1]), 1 << 30, Tally(), segment_bytes=300)
        for number in range(150):
            assert spool.append([Item(Kind.RECORD, f"{sys.argv[2]}-{number}".encode())]) == 1
            if number % 3 == 0:
                batch = spool.peek(2, 1 << 20)
                print(*(item.document.decode() for item in batch), sep="\\n")
                spool.forget(len(batch))
        spool.close()
    """
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b", "c")
    ]
    told = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    last = open_spool(tmp_path)
    found = [item.document.decode() for item in drain(last)] + "".join(told).split()
    last.close()
    assert sorted(found) == sorted(f"{name}-{number}" for name in "abc" for number in range(150))


def test_a_killed_process_loses_nothing_it_had_appended(tmp_path: Path) -> None:
    code = """if True:
        import sys, pathlib
        from driftwheel.client.item import Item, Kind
        from driftwheel.client.spool import Spool
        from driftwheel.client.stats import Tally
        spool = Spool(pathlib.Path(sys.argv[1]), 1 << 30, Tally(), segment_bytes=100_000)
        for number in range(1_000_000):
            spool.append([Item(Kind.RECORD, b"%d" % number, bytes(5000))])
            print(number, flush=True)
    """
    for most in (1, 7, 60):
        folder = tmp_path / str(most)
        command = [sys.executable, "-c", code, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) >= most:
                    process.send_signal(signal.SIGKILL)
                    break
            last = int(([line, *process.stdout])[-1])
        spool = open_spool(folder)
        found = [int(item.document) for item in drain(spool)]
        spool.close()
        assert found == list(range(len(found)))
        assert len(found) >= last + 1


@given(st.integers(0, 3000))
@settings(max_examples=40, deadline=None)
def test_a_segment_cut_off_anywhere_gives_its_whole_items(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = open_spool(folder)
    spool.append(ITEMS[:3])
    spool.close()
    (path,) = folder.glob("*.spool")
    data = path.read_bytes()[: -cut or None]
    path.write_bytes(data)
    tally = Tally()
    spool = Spool(folder, 1 << 20, tally)
    found = drain(spool)
    size = len(segment.frame(ITEMS[0]))
    assert found == ITEMS[: max(0, (len(data) - 16) // size)]
    assert tally.read(0).dropped == 3 - len(found)
    assert list(folder.glob("*.spool")) == []


def test_a_damaged_item_ends_its_segment_and_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = open_spool(tmp_path)
    spool.append(ITEMS[:3])
    spool.close()
    (path,) = tmp_path.glob("*.spool")
    data = bytearray(path.read_bytes())
    data[1500] ^= 1
    path.write_bytes(data)
    tally = Tally()
    spool = Spool(tmp_path, 1 << 20, tally)
    assert drain(spool) == ITEMS[:1]
    assert tally.read(0).dropped == 2
    assert "2 items in it are lost" in caplog.text


def test_a_file_that_is_no_segment_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "0.spool").write_bytes(b"a letter to a friend")
    (tmp_path / "notes.txt").write_bytes(b"of no concern")
    spool = open_spool(tmp_path)
    spool.append(ITEMS[:1])
    assert drain(spool) == ITEMS[:1]
    assert spool.peek(1, 1) == []
    assert "0.spool is no file of a Driftwheel spool" in caplog.text
    assert (tmp_path / "0.spool").read_bytes() == b"a letter to a friend"
    spool.close()


def test_a_file_cut_off_within_its_head_is_tidied_away(tmp_path: Path) -> None:
    (tmp_path / "0.spool").write_bytes(b"\x89DWS")
    (tmp_path / "1.spool").write_bytes(b"")
    assert drain(open_spool(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_keeps_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spool = open_spool(tmp_path)
    spool.append(ITEMS[:1])

    def no_space(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segment.os, "fsync", no_space)
    assert spool.append(ITEMS[1:3]) == 0
    assert spool.append(ITEMS[1:3]) == 0
    assert caplog.text.count("cannot be written to") == 1
    monkeypatch.undo()
    assert spool.append(ITEMS[3:4]) == 1
    assert drain(spool) == [ITEMS[0], ITEMS[3]]
    spool.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_folder_that_cannot_be_made_keeps_nothing(caplog: pytest.LogCaptureFixture) -> None:
    spool = open_spool(Path("/dev/full/spool"))
    assert spool.append(ITEMS[:1]) == 0
    assert "cannot be written to" in caplog.text


def test_a_request_carries_items_of_one_kind_up_to_its_size() -> None:
    bare = Item(Kind.RECORD, b"{}")
    assert first_batch([], 9, 9) == []
    assert first_batch(ITEMS, 2, 1 << 20) == ITEMS[:2]
    assert first_batch(ITEMS, 9, 2500) == ITEMS[:2]
    assert first_batch(ITEMS, 9, 1) == ITEMS[:1]
    assert first_batch([bare, ITEMS[0]], 9, 1 << 20) == [bare, ITEMS[0]]
    assert first_batch([bare, Item(Kind.TRUTH, b"{}")], 9, 1 << 20) == [bare]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append(ITEMS[:1])
    (path,) = tmp_path.glob("*.spool")
    assert path.stat().st_mode & 0o077 == 0
    spool.close()
    assert list(tmp_path.iterdir()) == [path]

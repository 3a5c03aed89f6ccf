"""Where answers cannot be written: one line says so, and what was there is neither harmed nor replaced."""

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from driftwheel.cli.outputs import must_be_writable, write_json, write_text
from driftwheel.errors import StorageFullError, UsageError

COMMAND = [sys.executable, "-c", "from driftwheel.cli import main; main()"]
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.is_char_device(), reason="there is no /dev/full here")
needs_proc = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outputs")
    rng = np.random.default_rng(0)
    (path / "few").mkdir()
    for i in range(3):
        assert cv2.imwrite(str(path / "few" / f"{i}.png"), rng.integers(0, 255, (16, 16, 3), dtype=np.uint8))
    run(path, "profile", "few", "-o", "few.dwp", "--embedder", "none")
    return path


def run(folder: Path, *arguments: str, out: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, stdout=out, stderr=subprocess.PIPE, text=True, check=False
    )


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "few", "few", "--embedder", "none", "--json", "/dev/full"),
        ("check", "few", "few", "--embedder", "none", "--report", "/dev/full"),
        ("compare", "few.dwp", "few.dwp", "--json", "/dev/full"),
        ("profile", "few", "-o", "/dev/full", "--embedder", "none"),
        ("merge", "few.dwp", "-o", "/dev/full"),
    ],
)
def test_a_full_disk_is_one_line_and_exit_code_1(folder: Path, arguments: tuple[str, ...]) -> None:
    before = os.lstat(FULL)
    done = run(folder, *arguments)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: Cannot write '/dev/full': No space left on device. Free some, or write to another disk."
    ]
    after = os.lstat(FULL)
    assert stat.S_ISCHR(after.st_mode)
    assert (before.st_ino, before.st_rdev) == (after.st_ino, after.st_rdev)


@needs_full
@pytest.mark.parametrize("arguments", [("show", "few.dwp"), ("compare", "few.dwp", "few.dwp", "--json", "-")])
def test_so_is_standard_output_on_a_full_disk(folder: Path, arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        done = run(folder, *arguments, out=full.fileno())
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot write the answer: No space left on device.")
    assert done.stderr.count("\n") == 1


@needs_proc
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "few", "few", "--json", "/proc/answer.json"),
        ("check", "few", "few", "--report", "/proc/report.html"),
        ("profile", "few", "-o", "/proc/few.dwp"),
        ("merge", "few.dwp", "-o", "/proc/few.dwp"),
        ("compare", "few.dwp", "few.dwp", "--json", "/proc/answer.json"),
    ],
)
def test_a_folder_that_takes_no_files_is_told_before_the_work(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot write '/proc/")
    assert done.stderr.count("\n") == 1


def test_asking_leaves_nothing_behind(tmp_path: Path) -> None:
    must_be_writable(tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old").write_text("as it was")
    must_be_writable(tmp_path / "old")
    assert (tmp_path / "old").read_text() == "as it was"


@needs_full
def test_the_kind_of_error_tells_a_full_disk_from_another_mistake(tmp_path: Path) -> None:
    with pytest.raises(StorageFullError, match="Free some") as full:
        write_text("x", FULL)
    assert isinstance(full.value.__cause__, OSError)
    assert full.value.__cause__.errno == errno.ENOSPC
    with pytest.raises(UsageError, match=r"Cannot write .*: Is a directory"):
        write_text("x", tmp_path)


def test_lists_of_numbers_are_on_one_line_and_texts_are_left_alone(tmp_path: Path) -> None:
    document = {
        "counts": [1, 2.5, -3e-7, None],
        "names": ["[\n 1,\n 2\n]", "a, b"],
        "nested": [[1, 2], [3]],
        "none": [],
        "rows": [{"x": 1}],
    }
    write_json(document, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == document
    assert '"counts": [1, 2.5, -3e-07, null],' in text
    assert "    [1, 2],\n    [3]\n" in text

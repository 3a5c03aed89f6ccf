"""The cache of models: made once, never half written, made anew when damaged."""

import multiprocessing
import time
from pathlib import Path

import pytest

from driftwheel.learning.model_cache import cache_folder, cached_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DRIFTWHEEL_CACHE", str(tmp_path / "models"))
    return tmp_path / "models"


class Maker:
    def __init__(self, content=b"a model"):
        self.content, self.runs = content, 0

    def __call__(self):
        self.runs += 1
        return self.content


def test_a_model_is_made_once(folder):
    make = Maker()
    assert [cached_model("net-1", make) for _ in range(3)] == [b"a model"] * 3
    assert make.runs == 1
    assert [path.name for path in folder.iterdir()] == ["net-1-97ff8a35544dcf40.onnx"]  # its SHA-256


def test_models_of_other_names_are_not_mixed_up(folder):
    assert cached_model("net-1", Maker(b"one")) == b"one"
    assert cached_model("net-10", Maker(b"ten")) == b"ten"
    assert cached_model("net-1", Maker(b"never made")) == b"one"


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: data[:-1] + b"!"])
def test_a_damaged_model_is_made_anew(folder, damage):
    make = Maker()
    cached_model("net-1", make)
    (path,) = folder.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert cached_model("net-1", make) == b"a model"
    assert make.runs == 2
    assert path.read_bytes() == b"a model"
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_made_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"in the way")
    monkeypatch.setenv("DRIFTWHEEL_CACHE", str(tmp_path / "file" / "models"))
    assert cached_model("net-1", Maker()) == b"a model"


def test_a_failed_write_leaves_nothing_behind(folder, monkeypatch):
    def broken(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", broken)
    assert cached_model("net-1", Maker()) == b"a model"
    assert list(folder.iterdir()) == []


def slow_model():
    time.sleep(0.2)
    return bytes(range(256)) * 4096


def make_in_own_process(_):
    return cached_model("net-1", slow_model) == slow_model()


def test_several_processes_may_make_it_at_once(folder):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert all(pool.map(make_in_own_process, range(8)))
    assert len(list(folder.iterdir())) == 1


def test_where_the_folder_is(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DRIFTWHEEL_CACHE", "~/models")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "models"
    monkeypatch.delenv("DRIFTWHEEL_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "driftwheel"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "driftwheel"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == tmp_path / "Library" / "Caches" / "driftwheel"

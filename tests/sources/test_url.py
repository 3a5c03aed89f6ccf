import io
import sys
import zipfile

import fsspec
import pytest
from fsspec.registry import _registry

from driftwheel.errors import MissingExtraError, SourceError
from driftwheel.records import Unreadable
from driftwheel.sources import open_source
from driftwheel.sources.url import without_password


@pytest.fixture
def bucket(jpeg):
    system = fsspec.filesystem("memory")
    for number, name in enumerate(["b/2.jpg", "a.jpg", "labels.csv", "b/noise.bin"]):
        with system.open(f"/bucket/{name}", "wb") as file:
            file.write(jpeg(number) if name.endswith("jpg") else b"noise")
    yield "memory://bucket"
    system.rm("/bucket", recursive=True)


def test_a_folder(bucket, names, jpeg):
    source = open_source(bucket)
    assert names(source) == ["a.jpg", "b/2.jpg"]
    assert source.skipped == 2
    assert [item.data for item in source] == [jpeg(1), jpeg(0)]
    assert names(source.only({"a.jpg"})) == ["a.jpg"]


def test_a_glob_and_one_image(bucket, names):
    assert names(open_source(f"{bucket}/b/*.jpg")) == ["2.jpg"]
    assert names(open_source(f"{bucket}/**/*.jpg"))[-1].endswith("2.jpg")
    assert names(open_source(f"{bucket}/a.jpg")) == ["a.jpg"]


def test_an_archive(bucket, names, jpeg):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.jpg", jpeg(3))
        archive.writestr("w.jpg", jpeg(4))
    with fsspec.open(f"{bucket}/day.zip", "wb") as there:
        there.write(file.getvalue())
    source = open_source(f"{bucket}/day.zip")
    assert "memory://bucket/day.zip" in source.describe
    for _ in range(2):
        assert [(item.name, item.data) for item in source] == [("w.jpg", jpeg(4)), ("x.jpg", jpeg(3))]


def test_files_that_go_away_meanwhile(bucket):
    source = open_source(bucket)
    fsspec.filesystem("memory").rm("/bucket/a.jpg")
    assert next(iter(source)) == Unreadable("a.jpg", "no such file")


def test_file_urls_are_local(folder, names):
    assert names(open_source(f"file://{folder}")) == names(open_source(folder))


def test_nothing_there():
    with pytest.raises(SourceError, match="There is nothing at memory://nowhere"):
        open_source("memory://nowhere")
    with pytest.raises(SourceError, match=r"nothing://x cannot be opened: .*nothing"):
        open_source("nothing://x")


def test_s3_needs_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)  # another test may have loaded it
    with pytest.raises(MissingExtraError, match=r"Reading s3:// URLs .*driftwheel\[s3\]"):
        open_source("s3://bucket/day1")


@pytest.mark.parametrize(
    ("url", "packages"), [("https://host/a.jpg", "requests aiohttp"), ("gs://bucket/day1", "gcsfs")]
)
def test_what_to_install_is_said(monkeypatch, url, packages):
    def lacking(url):
        raise ImportError("SomeFileSystem requires things to be installed")

    monkeypatch.setattr("fsspec.core.url_to_fs", lacking)
    with pytest.raises(SourceError, match=rf"needs packages .* Install them with: pip install {packages}$"):
        open_source(url)


def test_a_password_is_never_shown():
    assert without_password("ftp://me:secret@host/a") == "ftp://host/a"
    with pytest.raises(SourceError) as caught:
        open_source("nothing://me:secret@host/a")
    assert "secret" not in str(caught.value)

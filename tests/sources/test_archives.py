"""Zip and tar: the same laws for both."""

import gc
import io
import tarfile
import tracemalloc
import zipfile

import pytest

from driftwheel.errors import SourceError
from driftwheel.records import Unreadable
from driftwheel.sources import open_source

KINDS = ["photos.zip", "photos.tar", "photos.tar.gz", "photos.tgz", "photos.tar.bz2", "photos.tar.xz"]


def pack(path, files):
    """Write (name, bytes) pairs in the order given."""
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files:
                archive.writestr(name, data)
        return path
    mode = {"gz": "w:gz", "tgz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}.get(path.suffix[1:], "w")
    with tarfile.open(path, mode) as archive:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_images_come_in_order_of_name_and_more_than_once(kind, tmp_path, names, jpeg):
    files = [("c/2.jpg", jpeg(2)), ("a.jpg", jpeg(1)), ("readme.txt", b"x"), ("b", jpeg(3)),
             ("no.bin", b"noise"), ("__MACOSX/._a.jpg", b"x"), ("empty.png", b"")]  # fmt: skip
    source = open_source(pack(tmp_path / kind, files))
    assert source.count == 5
    for _ in range(2):
        assert names(source) == ["a.jpg", "b", "c/2.jpg", "empty.png"]
        assert source.skipped == 3
    items = list(source)
    assert [item.data for item in items[:3]] == [jpeg(1), jpeg(3), jpeg(2)]
    assert items[3] == Unreadable("empty.png", "empty")
    assert names(source.only({"c/2.jpg"})) == ["c/2.jpg"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_in_the_archive_does_not_matter(kind, tmp_path, jpeg):
    files = [(f"{number:03d}.jpg", jpeg(number)) for number in range(20)]
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one = open_source(pack(tmp_path / "one" / kind, files))
    other = open_source(pack(tmp_path / "other" / kind, files[::-1]))
    assert [(item.name, item.data) for item in one] == [(item.name, item.data) for item in other]


@pytest.mark.parametrize("kind", ["photos.zip", "photos.tar", "photos.tar.gz"])
def test_an_archive_is_known_by_its_beginning_too(kind, tmp_path, names, jpeg):
    path = pack(tmp_path / kind, [("a.jpg", jpeg())])
    if kind != "photos.tar.gz":
        path = path.rename(tmp_path / "photos.data")
    assert names(open_source(path)) == ["a.jpg"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_archive_at_all(kind, tmp_path):
    (tmp_path / kind).write_bytes(b"this is no archive of any kind" * 40)
    with pytest.raises(SourceError, match=r"cannot be opened: .* damaged, or no (zip|tar) archive"):
        open_source(tmp_path / kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_without_images(kind, tmp_path):
    with pytest.raises(SourceError, match=r"There are no images in (zip|tar) archive"):
        open_source(pack(tmp_path / kind, [("a.txt", b"x")]))


@pytest.mark.parametrize("kind", ["photos.tar", "photos.tar.gz"])
def test_what_lies_before_the_cut_is_read(kind, tmp_path, names, jpeg):
    import os

    files = [(f"{number}.jpg", jpeg(number) + os.urandom(3000)) for number in range(9)]
    path = pack(tmp_path / kind, files)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    items = list(open_source(path))
    lost = [item for item in items if isinstance(item, Unreadable)]
    assert Unreadable("(rest of the archive)", "truncated in its archive") in lost
    assert 2 <= len(items) - len(lost) <= 6


def test_a_damaged_member_of_a_zip(tmp_path, jpeg):
    path = pack(tmp_path / "photos.zip", [("a.jpg", jpeg(1)), ("b.jpg", jpeg(2))])
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    first, second = open_source(path)
    assert first == Unreadable("a.jpg", "corrupt in its archive")
    assert second.data == jpeg(2)


def test_an_encrypted_member_of_a_zip(tmp_path, jpeg):
    path = pack(tmp_path / "photos.zip", [("a.jpg", jpeg(1))])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert list(open_source(path)) == [Unreadable("a.jpg", "encrypted")]


def test_links_in_a_tar(tmp_path, jpeg):
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        for kind, name, target in [
            (tarfile.SYMTYPE, "d/soft.jpg", "../a.jpg"),
            (tarfile.LNKTYPE, "hard.jpg", "a.jpg"),
            (tarfile.SYMTYPE, "gone.jpg", "nowhere.jpg"),
        ]:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            archive.addfile(link)
        member = tarfile.TarInfo("./a.jpg")
        member.size = len(jpeg(4))
        archive.addfile(member, io.BytesIO(jpeg(4)))
    items = {getattr(item, "name", None) or item.image: item for item in open_source(tmp_path / "photos.tar")}
    assert set(items) == {"a.jpg", "d/soft.jpg", "hard.jpg", "gone.jpg"}
    assert items["d/soft.jpg"].data == items["hard.jpg"].data == jpeg(4)
    assert items["gone.jpg"] == Unreadable("gone.jpg", "no such file")


@pytest.mark.parametrize("kind", ["photos.zip", "photos.tar", "photos.tar.gz"])
def test_memory_does_not_grow_with_the_archive(kind, tmp_path, jpeg):
    def peak(count):
        path = tmp_path / f"{count}{kind[6:]}"
        pack(path, [(f"{number:05d}.jpg", jpeg(number) + bytes(100_000)) for number in range(count)])
        gc.collect()
        tracemalloc.start()
        try:
            assert sum(len(item.data) > 100_000 for item in open_source(path)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)  # what is made once
    assert peak(100) < peak(10) + 500_000, "90 more images take 9 MB"


def test_a_glob_of_archives_is_one_source(tmp_path, names, jpeg):
    pack(tmp_path / "b.zip", [("x.jpg", jpeg(1)), ("w.jpg", b"")])
    pack(tmp_path / "a.tar", [("y.jpg", jpeg(2))])
    source = open_source(f"{tmp_path}/*.*")
    assert source.count == 3
    assert names(source) == ["a.tar/y.jpg", "b.zip/w.jpg", "b.zip/x.jpg"]
    assert names(source.only({"b.zip/x.jpg"})) == ["b.zip/x.jpg"]

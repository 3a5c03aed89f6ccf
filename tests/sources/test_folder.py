import os
import sys

import pytest

from driftwheel.errors import SourceError
from driftwheel.records import Unreadable
from driftwheel.sources import open_source

FOUR = ["a/10.JPG", "a/2.jpg", "b/deep/1.jpg", "z.png"]


def test_all_images_below_in_order_of_name(folder, names, jpeg):
    source = open_source(folder)
    assert source.count == 5  # one of unknown kind among them
    assert names(source) == FOUR
    assert source.skipped == 3
    assert [item.data for item in source] == [jpeg(2), jpeg(1), jpeg(0), jpeg(3)]
    assert open_source(str(folder)).describe == f"folder {folder}"


def test_the_order_does_not_depend_on_the_file_system(tmp_path, names, jpeg):
    orders = [["c", "a", "b"], ["b", "c", "a"]]
    for number, order in enumerate(orders):
        root = tmp_path / str(number)
        for name in order:
            (root / name).mkdir(parents=True)
            (root / name / "x.jpg").write_bytes(jpeg())
            (root / f"{name}.jpg").write_bytes(jpeg())
    one, other = (names(open_source(tmp_path / str(number))) for number in range(2))
    assert one == other == sorted(one)


def test_unknown_extensions_are_told_by_their_first_bytes(tmp_path, names, jpeg):
    (tmp_path / "0a1b2c").write_bytes(jpeg())
    (tmp_path / "picture.bin").write_bytes(jpeg())
    (tmp_path / "noise.bin").write_bytes(b"no image at all")
    (tmp_path / "empty.bin").write_bytes(b"")
    source = open_source(tmp_path)
    assert names(source) == ["0a1b2c", "picture.bin"]
    assert source.skipped == 2
    assert "2 files" in source.notes[0]


def test_an_image_extension_is_always_answered_for(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "b.heic").write_bytes(b"whatever")
    first, second = open_source(tmp_path)
    assert first == Unreadable("a.jpg", "empty")
    assert second.name == "b.heic"


def test_hidden_files_and_leavings_are_passed_over(tmp_path, names, jpeg):
    for name in ["._a.jpg", ".cache/b.jpg", "__MACOSX/c.jpg", "@eaDir/d.jpg", "kept.jpg"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(jpeg())
    assert names(open_source(tmp_path)) == ["kept.jpg"]


def test_links_are_followed_but_not_in_circles(tmp_path, names, jpeg):
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "in" / "a.jpg").write_bytes(jpeg())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.jpg").write_bytes(jpeg(1))
    (tmp_path / "out" / "back").symlink_to(root)
    (root / "in" / "up").symlink_to(root)
    (root / "to").symlink_to(tmp_path / "out")
    (root / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (root / "itself.jpg").symlink_to(root / "itself.jpg")
    source = open_source(root)
    assert names(source) == ["gone.jpg", "in/a.jpg", "itself.jpg", "to/b.jpg"]
    assert [item.reason for item in source if isinstance(item, Unreadable)] == ["no such file"] * 2


def test_a_pipe_is_not_waited_for(tmp_path, names, jpeg):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "a.jpg").write_bytes(jpeg())
    assert names(open_source(tmp_path)) == ["a.jpg"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "a.jpg").chmod(0)
    (tmp_path / "shut").mkdir(mode=0)
    assert list(open_source(tmp_path)) == [
        Unreadable("a.jpg", "permission denied"),
        Unreadable("shut/", "permission denied"),
    ]


def test_what_may_not_be_read_by_any_user(tmp_path, jpeg, monkeypatch):
    from driftwheel.sources import local_file

    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "b.jpg").write_bytes(jpeg())
    real = os.open

    def guarded(path, *args, **options):
        if str(path).endswith("a.jpg"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(local_file.os, "open", guarded)
    first, second = open_source(tmp_path)
    assert first == Unreadable("a.jpg", "permission denied")
    assert second.name == "b.jpg"


def test_an_error_while_reading(tmp_path, jpeg, monkeypatch):
    from driftwheel.sources import local_file

    (tmp_path / "a.jpg").write_bytes(jpeg())

    def broken(*args):
        raise OSError(5, "Input/output error", "a.jpg")

    monkeypatch.setattr(local_file.os, "read", broken)
    assert list(open_source(tmp_path)) == [Unreadable("a.jpg", "input/output error")]


def test_files_of_any_size_come_back_byte_for_byte(tmp_path):
    big = os.urandom(3_500_000)
    (tmp_path / "a.jpg").write_bytes(big)
    (tmp_path / "b").write_bytes(b"\xff\xd8\xff" + big)
    first, second = open_source(tmp_path)
    assert first.data == big
    assert second.data == b"\xff\xd8\xff" + big


def test_files_beyond_the_bound_are_not_read(tmp_path, monkeypatch):
    from driftwheel.sources import read_file

    monkeypatch.setattr(read_file, "MOST_BYTES", 100)
    (tmp_path / "a.jpg").write_bytes(bytes(101))
    (tmp_path / "b.jpg").write_bytes(bytes(100))
    first, second = open_source(tmp_path)
    assert first == Unreadable("a.jpg", "too many bytes")
    assert len(second.data) == 100


def test_a_file_that_goes_away_meanwhile(tmp_path, jpeg):
    for name in "abc":
        (tmp_path / f"{name}.jpg").write_bytes(jpeg())
    going = iter(open_source(tmp_path))
    next(going)
    (tmp_path / "b.jpg").unlink()
    assert next(going) == Unreadable("b.jpg", "no such file")
    assert next(going).name == "c.jpg"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf_8(tmp_path, jpeg):
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(jpeg())
    (image,) = open_source(tmp_path)
    assert image.name == "caf\\xe9.jpg"
    image.name.encode()


def test_only_some_names_are_read(folder, names, monkeypatch):
    from driftwheel.sources import folder as module

    read = []
    real = module.read_local_file
    monkeypatch.setattr(module, "read_local_file", lambda name, path: read.append(name) or real(name, path))
    source = open_source(folder)
    assert names(source.only({"z.png", "a/2.jpg", "missing.jpg"})) == ["a/2.jpg", "z.png"]
    assert read == ["a/2.jpg", "z.png"]


def test_a_folder_without_images(tmp_path):
    with pytest.raises(SourceError, match=r"There are no images in folder .*\.$"):
        open_source(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(SourceError, match="only 1 file that is none"):
        open_source(tmp_path)
    (tmp_path / "noise.bin").write_bytes(b"no image")
    with pytest.raises(SourceError, match="only 2 files that are none"):
        list(open_source(tmp_path))


def test_a_path_that_is_not_there(folder):
    with pytest.raises(SourceError, match=r"There is nothing at .*phots\. Did you mean 'photos'\?"):
        open_source(folder.parent / "phots")
    with pytest.raises(SourceError, match=r"There is no folder .*nowhere"):
        open_source(folder / "nowhere" / "deeper")

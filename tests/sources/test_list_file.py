import pytest

from driftwheel.errors import SourceError
from driftwheel.records import Unreadable
from driftwheel.sources import open_source


def test_paths_start_from_the_folder_of_the_list(folder, names, jpeg):
    elsewhere = folder.parent / "elsewhere.jpg"
    elsewhere.write_bytes(jpeg(9))
    (folder / "all.txt").write_text(
        f"\ufeff# mine\nz.png\r\n./a/2.jpg\n\n{elsewhere}\nz.png\n", encoding="utf-8"
    )
    source = open_source(folder / "all.txt")
    assert names(source) == sorted([str(elsewhere), "a/2.jpg", "z.png"])
    assert source.count == 3
    assert next(iter(source)).data == jpeg(9)


def test_urls_and_lost_files(folder, names, jpeg):
    import fsspec

    with fsspec.open("memory://listed/m.jpg", "wb") as file:
        file.write(jpeg(5))
    (folder / "all.txt").write_text(
        "lost.jpg\nmemory://listed/m.jpg\nmemory://listed/no.jpg\na\n", encoding="utf-8"
    )
    items = list(open_source(folder / "all.txt"))
    assert items[0] == Unreadable("a", "not a file")
    assert items[1] == Unreadable("lost.jpg", "no such file")
    assert items[2].data == jpeg(5)
    assert items[3] == Unreadable("memory://listed/no.jpg", "no such file")


def test_lists_that_name_nothing(tmp_path):
    (tmp_path / "a.txt").write_text("# nothing\n\n")
    with pytest.raises(SourceError, match=r"names no image. Write one path or URL a line"):
        open_source(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(SourceError, match="is not UTF-8 text"):
        open_source(tmp_path / "b.txt")

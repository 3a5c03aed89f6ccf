"""Opening what a person gives: what is no source says what would be."""

import numpy as np
import pytest

from driftwheel.errors import MissingExtraError, SourceError, UsageError
from driftwheel.sources import open_source

ACCEPTED = "Give a folder, a glob in quotes, a list of paths"


@pytest.mark.parametrize("place", ["", "file://"])
def test_an_empty_text_is_not_the_current_folder(place, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert open_source(".").count == 5  # the file of no known kind too
    with pytest.raises(UsageError, match=rf"An empty text \(''\) .* give '\.'\. {ACCEPTED}"):
        open_source(place)


def test_nothing_there_says_what_is_accepted(tmp_path):
    with pytest.raises(SourceError, match=rf"^There is nothing at .*/nope\. {ACCEPTED}"):
        open_source(tmp_path / "nope")
    with pytest.raises(SourceError, match=rf"so nothing at .*/nope/deep\. {ACCEPTED}"):
        open_source(tmp_path / "nope" / "deep")
    (tmp_path / "images").mkdir()
    with pytest.raises(SourceError, match=rf"Did you mean 'images'\? {ACCEPTED}"):
        open_source(tmp_path / "imags")


@pytest.mark.parametrize(
    ("what", "kind"), [("nope", SourceError), ("", UsageError), (b"", UsageError), ([], SourceError)]
)
def test_the_error_says_which_source(what, kind):
    with pytest.raises(kind, match=r"^Reference: ") as caught:
        open_source(what, called="reference")
    assert type(caught.value) is kind


def test_a_missing_extra_stays_what_it_is(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(MissingExtraError, match=r"driftwheel\[parquet\]"):
        open_source(tmp_path / "a.parquet", called="reference")


def test_a_table_that_fits_no_image_says_how_both_call_them(folder, tmp_path):
    table = tmp_path / "times.csv"
    table.write_text("image,time\nIMG_1.jpg,2026-03-05\n")
    source = open_source(folder, table=table)
    assert len(list(source)) == 4
    (note,) = [note for note in source.notes if "no row" in note]
    assert note.startswith("4 of 4 images in folder")
    assert note.endswith("for example 'a/10.JPG'. The table names 'IMG_1.jpg', for example.")
    table.write_text("image,time\nz.png,2026-03-05\n")
    source = open_source(folder, table=table)
    list(source)
    (note,) = [note for note in source.notes if "no row" in note]
    assert note.endswith("for example 'a/10.JPG'.")
    table.write_text("image,time\n")
    source = open_source(folder, table=table)
    list(source)
    assert "The table has no rows." in " ".join(source.notes)


def test_an_item_that_is_no_image_is_told_of_a_type_that_exists():
    from driftwheel import records

    with pytest.raises(UsageError, match=r"pairs or driftwheel\.records\.Image\.") as caught:
        list(open_source([3.5]))
    assert hasattr(records, "Image"), caught.value
    assert len(list(open_source([records.Image("a", np.zeros((4, 4), np.uint8))]))) == 1

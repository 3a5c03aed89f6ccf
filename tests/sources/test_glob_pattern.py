import pytest

from driftwheel.errors import SourceError
from driftwheel.sources import open_source


def test_names_begin_where_the_pattern_stops_being_plain(folder, names):
    assert names(open_source(f"{folder}/a/*.jpg")) == ["2.jpg"]
    assert names(open_source(f"{folder}/*/*.[jJ][pP][gG]")) == ["a/10.JPG", "a/2.jpg"]
    assert names(open_source(f"{folder}/**/*.jpg")) == ["a/2.jpg", "b/deep/1.jpg"]


def test_folders_that_fit_bring_all_below_them(folder, names):
    source = open_source(f"{folder}/[ab]")
    assert names(source) == ["a/10.JPG", "a/2.jpg", "b/deep/1.jpg"]
    assert source.skipped == 1


def test_side_files_that_fit_are_passed_over(folder, names):
    source = open_source(f"{folder}/*.*")
    assert names(source) == ["z.png"]
    assert source.skipped == 2


def test_a_folder_whose_name_has_brackets_is_meant_literally(tmp_path, names, jpeg):
    (tmp_path / "day [1]").mkdir()
    (tmp_path / "day [1]" / "a.jpg").write_bytes(jpeg())
    assert names(open_source(tmp_path / "day [1]")) == ["a.jpg"]


def test_nothing_fits(folder):
    with pytest.raises(SourceError, match=r"No file fits '.*\*\.gif'\. Quote it"):
        open_source(f"{folder}/*.gif")
    with pytest.raises(SourceError, match="There are no images in glob"):
        open_source(f"{folder}/*.csv")

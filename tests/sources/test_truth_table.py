"""Truth tables: CSV and JSON, by path or file name, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwheel.errors import UsageError
from driftwheel.sources.truth_table import read_truth_table


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_csv_names_images_by_path_or_file_name(tmp_path: Path) -> None:
    table = read_truth_table(
        written(tmp_path / "t.csv", "image;class;camera\na/1.jpg;cat;2\n2.jpg;dog;\n3.jpg;;1\n")
    )
    assert table.class_of("a/1.jpg") == "cat"
    assert table.class_of("any/2.jpg") == "dog"
    assert table.class_of("3.jpg") is None
    assert table.class_of("4.jpg") is None


def test_json_is_one_object(tmp_path: Path) -> None:
    table = read_truth_table(
        written(tmp_path / "t.json", '{"./a\\\\1.jpg": "cat", "2.jpg": 7, "3.jpg": " "}')
    )
    assert (table.class_of("a/1.jpg"), table.class_of("2.jpg"), table.class_of("3.jpg")) == ("cat", "7", None)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "t.csv",
            "image,label\na.jpg,cat\n",
            "no column 'class' with the true class of each image. Rename 'label'",
        ),
        ("t.csv", "file,class\na.jpg,cat\n", "must name a column 'image'"),
        ("t.json", '["cat"]', "no object from the name of each image to its class"),
        ("t.json", "{", "is no JSON in UTF-8"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_truth_table(written(tmp_path / name, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_truth_table(str(tmp_path / "none.json"))

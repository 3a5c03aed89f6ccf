from datetime import UTC, datetime

import fsspec
import pytest

from driftwheel.errors import UsageError
from driftwheel.sources import read_time_table


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "times.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


def test_times_and_tags(table):
    read = read_time_table(
        table(
            "\ufeffimage,time,camera,site\r\n"
            "a.jpg,2026-03-05T06:15:00Z,left,Ghent\r\n"
            "./sub\\b.jpg,2026-03-05T06:15:00+02:00,,\r\n"
            '"c, d.jpg",2026-03-05 06:15,"x ""y""",\r\n'
            "\r\n"
            "e.jpg,,right,\r\n"
        )
    )
    six = datetime(2026, 3, 5, 6, 15, tzinfo=UTC)
    assert read.row_of("a.jpg").time == six
    assert read.row_of("a.jpg").tags == {"camera": "left", "site": "Ghent"}
    assert read.row_of("sub/b.jpg").time == six.replace(hour=4)
    assert read.row_of("sub/b.jpg").tags == {}
    assert read.row_of("c, d.jpg").time == six
    assert read.row_of("c, d.jpg").tags == {"camera": 'x "y"'}
    assert read.row_of("e.jpg").time is None
    assert read.row_of("z.jpg") is None


def test_a_row_may_name_the_file_alone(table):
    read = read_time_table(table("image,time\na.jpg,2026-03-05\nx/b.jpg,2026-03-06\n"))
    assert read.row_of("deep/a.jpg").time.day == 5
    assert read.row_of("x/b.jpg").time.day == 6
    assert read.row_of("y/b.jpg") is None


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_missing_time_column(table, separator):
    read = read_time_table(table(f"camera{separator}image\n1{separator}a.jpg\n"))
    assert read.row_of("a.jpg").tags == {"camera": "1"}
    assert read.row_of("a.jpg").time is None


def test_a_table_behind_a_url():
    with fsspec.open("memory://tables/t.csv", "wb") as file:
        file.write(b"image,time\na.jpg,2026-03-05\n")
    assert read_time_table("memory://tables/t.csv").row_of("a.jpg").time.year == 2026


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must name a column 'image'"),
        (
            "images,time\n",
            r"must name a column 'image': .* Its columns are: 'images', 'time'\. Rename 'images'",
        ),
        ("file,time\n", r"Its columns are: 'file', 'time'\. Rename 'file' to 'image', if it names them\."),
        ("taken,time\n", r"Its columns are: 'taken', 'time'\.$"),
        ("image,time,time\n", "has the column 'time' twice"),
        ("image,,time\n", "a column without a name"),
        (
            "image,time\na.jpg,2026-03-05\nb.jpg,yesterday\n",
            "Line 3 .* has the time 'yesterday', which is not ISO 8601",
        ),
        ("image,time\na.jpg\n", "Line 2 .* has 1 cells; the first line names 2 columns"),
        ("image,time\n,2026-03-05\n", "Line 2 .* names no image"),
        ("image,time\na.jpg,\n\n./a.jpg,\n", "Line 4 .* has the image 'a.jpg' a second time"),
        ('image,time\n"a.jpg" x,\n', "Line 2 .* is no CSV"),
        (b"image\n\xff\xfe\n", "is not UTF-8 text"),
    ],
)
def test_tables_that_cannot_be_used(table, text, message):
    with pytest.raises(UsageError, match=message):
        read_time_table(table(text))


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_time_table(str(tmp_path / "no.csv"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_time_table("memory://tables/no.csv")

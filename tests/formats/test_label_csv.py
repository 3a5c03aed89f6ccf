from __future__ import annotations

import io

import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.label_csv import read_label_csv, write_label_csv
from driftwheel.formats.labelled_image import Answer, ClassLabel, LabelledImage
from driftwheel.formats.losses import Losses


def read(text: str | bytes) -> list[LabelledImage]:
    data = text.encode() if isinstance(text, str) else text
    return list(read_label_csv(io.BytesIO(data), called="a.csv").images)


@pytest.mark.parametrize(
    "text",
    [
        'image,label\n"a, b/é.jpg",cat\nc.jpg,dog\n"a, b/é.jpg",wet\n',
        '\ufeffImage;Label\r\n"a, b/é.jpg";cat\r\n\r\nc.jpg;dog\r\n"a, b/é.jpg";wet',
        "label\timage\ncat\ta, b/é.jpg\ndog\tc.jpg\nwet\ta, b/é.jpg\n",
    ],
)
def test_dialects_and_several_classes(text: str) -> None:
    assert read(text) == [
        LabelledImage("a, b/é.jpg", answers=(Answer((ClassLabel("cat"), ClassLabel("wet"))),)),
        LabelledImage("c.jpg", answers=(Answer((ClassLabel("dog"),)),)),
    ]


def test_scores_are_of_a_model() -> None:
    (image,) = read("image,label,score\na.jpg,cat,0.25\n")
    assert image.answers == (Answer((ClassLabel("cat", 0.25),), source="model"),)


def test_what_is_written() -> None:
    out = io.BytesIO()
    write_label_csv(
        [LabelledImage('a "b", c.jpg', answers=(Answer((ClassLabel("x"), ClassLabel("y"))),))],
        out,
        losses=Losses(),
    )
    assert out.getvalue() == b'image,label\r\n"a ""b"", c.jpg",x\r\n"a ""b"", c.jpg",y\r\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image\rlabel\ra.jpg\rcat\r", "line 1: no CSV"),
        ("", "the first line should name the columns image,label, not ''"),
        ("file,label\n", "the first line should name the columns"),
        ("image,label,split\n", "the column 'split' is unknown"),
        ("image,label,image\n", "the column 'image' is unknown, or there twice"),
        ("image,label\na.jpg,cat\na.jpg\n", "line 3: 1 cells; the header names 2"),
        ("image,label\na,b.jpg,cat\n", "line 2: 3 cells.*Put quotes"),
        ("image,label\na.jpg,\n", "line 2: the class is ''"),
        ("image,label\n,cat\n", "line 2: the name '' names no file"),
        ("image,label\n../a.jpg,cat\n", "line 2: the name '../a.jpg' leads out"),
        ("image,label\na.jpg,cat\nb.jpg,cat\na.jpg,cat\n", "line 4: 'a.jpg' is 'cat' a second time"),
        ("image,label,score\na.jpg,cat,1.5\n", "line 2: the score is 1.5"),
        ("image,label,score\na.jpg,cat,nan\n", "line 2: the score is 'nan'"),
        ('image,label\n"a.jpg,cat\n', "no CSV: unexpected end of data"),
        (b"image,label\n\xff.jpg,cat\n", "line 2 is no UTF-8 text"),
        (b"image,label\n" + b"x" * (1 << 20) + b",cat\n", "line 2: longer than a megabyte"),
    ],
)
def test_damage_is_named(text: str | bytes, message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^a\.csv.*{message}"):
        read(text)

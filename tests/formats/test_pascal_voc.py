from __future__ import annotations

import pytest
from tests.formats.label_samples import Held, held

from driftwheel.errors import LabelFormatError
from driftwheel.formats.labelled_image import Answer, BoxLabel, LabelledImage
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.pascal_voc import read_voc, write_voc

# The first image of VOC 2007, as its authors wrote it.
DEVKIT = """<annotation>
	<folder>VOC2007</folder>
	<filename>000001.jpg</filename>
	<source><database>The VOC2007 Database</database><annotation>PASCAL VOC2007</annotation></source>
	<size><width>353</width><height>500</height><depth>3</depth></size>
	<segmented>0</segmented>
	<object>
		<name>dog</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult>
		<bndbox><xmin>48</xmin><ymin>240</ymin><xmax>195</xmax><ymax>371</ymax></bndbox>
	</object>
	<object>
		<name>person</name><pose>Unspecified</pose><truncated>0</truncated><difficult>1</difficult>
		<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>353</xmax><ymax>500</ymax></bndbox>
	</object>
</annotation>"""


def read(text: str, name: str = "Annotations/a.xml", **options: object) -> list[LabelledImage]:
    return list(read_voc(Held({name: text.encode()}), **{"losses": Losses(), **options}).images)  # type: ignore[arg-type]


def document(inside: str, filename: str = "a.jpg") -> str:
    size = "<size><width>64</width><height>48</height><depth>3</depth></size>"
    return f"<annotation><filename>{filename}</filename>{size}{inside}</annotation>"


def thing(bounds: tuple[object, ...] = (1, 2, 3, 4), more: str = "") -> str:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True)
    inside = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    return f"<object><name>cat</name>{more}<bndbox>{inside}</bndbox></object>"


def test_a_file_of_the_devkit() -> None:
    (image,) = read(DEVKIT, "Annotations/000001.xml")
    assert (image.name, image.width, image.height) == ("000001.jpg", 353, 500)
    assert image.answers[0].boxes == (
        BoxLabel("dog", 47, 239, 148, 132, truncated=True, attributes=(("pose", "Left"),)),
        BoxLabel("person", 0, 0, 353, 500, ignored=True),
    )


def test_edges_counted_from_0() -> None:
    (image,) = read(document(thing((0, 2.25, 10.5, 22))), corners="edges")
    assert image.answers[0].boxes == (BoxLabel("cat", 0, 2.25, 10.5, 19.75),)
    with pytest.raises(
        LabelFormatError, match=r"object 1 \(line 1\): 'cat' begins at 0, 2.*--voc-corners edges"
    ):
        read(document(thing((0, 2, 10, 22))))


def test_corners_that_are_written_are_those_of_the_devkit() -> None:
    image = LabelledImage(
        "a.jpg", 64, 48, (Answer(boxes=(BoxLabel("c", 0, 0, 64, 48), BoxLabel("c", 3, 4, 1, 2))),)
    )
    text = held(write_voc([image], losses=Losses())).files["Annotations/a.xml"].decode()
    assert "<xmin>1</xmin><ymin>1</ymin><xmax>64</xmax><ymax>48</ymax>" in text
    assert "<xmin>4</xmin><ymin>5</ymin><xmax>4</xmax><ymax>6</ymax>" in text
    text = held(write_voc([image], losses=Losses(), corners="edges")).files["Annotations/a.xml"].decode()
    assert "<xmin>3</xmin><ymin>4</ymin><xmax>4</xmax><ymax>6</ymax>" in text


def test_rounding_keeps_a_pixel() -> None:
    thin = (BoxLabel("c", 3.4, 63.2, 0.2, 0.5), BoxLabel("c", 63.7, 2, 0.2, 3))
    image = LabelledImage("a.jpg", 64, 64, (Answer(boxes=thin),))
    losses = Losses({Loss.ROUNDING})
    (found,) = read_voc(held(write_voc([image], losses=losses)), losses=Losses()).images
    assert found.answers[0].boxes == (BoxLabel("c", 3, 63, 1, 1), BoxLabel("c", 63, 2, 1, 3))
    assert losses.all[0].count == 2


@pytest.mark.parametrize(
    ("file", "filename", "name"),
    [
        ("Annotations/day 1/a.xml", "a.jpg", "day 1/a.jpg"),
        ("Annotations/day 1/a.xml", "day 1/a.jpg", "day 1/a.jpg"),
        ("VOC2012/Annotations/a.xml", "a.jpg", "a.jpg"),
        ("x/a.xml", "é 1.png", "x/é 1.png"),
    ],
)
def test_names(file: str, filename: str, name: str) -> None:
    assert read(document("", filename), file)[0].name == name


def test_an_image_without_objects_has_nothing_in_it() -> None:
    assert read(document(""))[0].answers == (Answer(),)


def test_parts_and_polygons() -> None:
    part = "<part><name>head</name><bndbox/></part>"
    with pytest.raises(LabelFormatError, match=r"'cat' has a <part>.*'other-shapes'"):
        read(document(thing(more=part)))
    losses = Losses({Loss.OTHER_SHAPES})
    assert len(read(document(thing(more=part)), losses=losses)[0].answers[0].boxes) == 1
    turned = "<object><name>cat</name><robndbox><cx>1</cx></robndbox></object>"
    with pytest.raises(LabelFormatError, match="<robndbox> is no part of a VOC object"):
        read(document(turned))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (document(thing(("nan", 2, 3, 4))), r"object 1 \(line 1\): xmin is 'nan'"),
        (document(thing(("", 2, 3, 4))), "xmin is ''; it should be a finite number"),
        (document(thing((9, 2, 3, 4))), "the box of 'cat' is -5 × 3"),
        (document("<object><name>cat</name></object>"), "'cat' has no <bndbox>"),
        (document("<object><bndbox/></object>"), "the class is missing"),
        (document(thing(more="<difficult>maybe</difficult>")), "difficult is 'maybe'"),
        (document("", "../../a.jpg"), "leads out of the folder"),
        ("<annotation/>", "it has no <filename>"),
        ("<annotations/>", "is a document of <annotations>"),
        ("<annotation>", "no XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "it has a document type"),
    ],
)
def test_damage_is_named(text: str, message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^held/Annotations/a\.xml.*{message}"):
        read(text)


def test_files_that_would_be_one() -> None:
    same = [LabelledImage(name, 9, 9, (Answer(),)) for name in ("a.jpg", "a.png")]
    with pytest.raises(LabelFormatError, match=r"'a\.jpg' and 'a\.png' would both have a\.xml"):
        list(write_voc(same, losses=Losses()))
    with pytest.raises(LabelFormatError, match=r"held/b\.xml: the image 'a\.jpg' is there twice"):
        list(
            read_voc(
                Held({"a.xml": document("").encode(), "b.xml": document("").encode()}), losses=Losses()
            ).images
        )

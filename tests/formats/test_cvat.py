from __future__ import annotations

import io

import numpy as np
import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.cvat import read_cvat, write_cvat
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.turned_box import corners

# As CVAT 2 exports a task: its own elements and attributes, in its order.
EXPORT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>4</id>
      <name>gates</name>
      <size>2</size>
      <mode>annotation</mode>
      <overlap>0</overlap>
      <bugtracker></bugtracker>
      <created>2026-01-02 03:04:05.678901+00:00</created>
      <labels>
        <label>
          <name>car</name>
          <color>#ff355e</color>
          <type>any</type>
          <attributes>
            <attribute>
              <name>colour</name>
              <mutable>False</mutable>
              <input_type>select</input_type>
              <default_value>red</default_value>
              <values>red
blue</values>
            </attribute>
          </attributes>
        </label>
        <label><name>night</name><color>#000000</color><type>tag</type><attributes></attributes></label>
      </labels>
      <owner><username>ann</username><email>ann@example.com</email></owner>
    </task>
    <dumped>2026-01-02 04:00:00.000000+00:00</dumped>
  </meta>
  <image id="0" name="day 1/é &amp; a.jpg" width="640" height="480">
    <box label="car" source="manual" occluded="1" xtl="100.00" ytl="50.00" xbr="200.00" ybr="100.00" rotation="30.00" z_order="0">
      <attribute name="colour">blue</attribute>
    </box>
    <tag label="night" source="manual">
    </tag>
  </image>
  <image id="7" name="b.jpg" width="640" height="480">
  </image>
</annotations>
"""  # noqa: E501


def read(text: str, *allow: Loss) -> LabelSet:
    return read_cvat(io.BytesIO(text.encode()), called="a.xml", losses=Losses(allow))


def image(inside: str, more: str = 'width="64" height="48"') -> str:
    head = f'<annotations><version>1.1</version>\n<image id="0" name="a.jpg" {more}>'
    return f"{head}\n{inside}</image></annotations>"


def boxes(inside: str, *allow: Loss) -> tuple[BoxLabel, ...]:
    (found,) = read(image(inside), *allow).images
    return found.answers[0].boxes


def test_an_export() -> None:
    labels = read(EXPORT)
    assert labels.classes == ("car", "night")
    first, second = labels.images
    assert (first.name, first.width, first.height) == ("day 1/é & a.jpg", 640, 480)
    car = BoxLabel("car", 100, 50, 100, 50, rotation=30, occluded=True, attributes=(("colour", "blue"),))
    assert first.answers == (Answer((ClassLabel("night"),), (car,)),)
    assert (second.name, second.answers) == ("b.jpg", (Answer(),))


def test_turned_about_the_centre_clockwise() -> None:
    # By hand: centre (150, 75), half sides 50 and 25; 90° clockwise on a screen takes the upper left corner
    # (100, 50) to the upper right one.
    (box,) = boxes('<box label="car" occluded="0" xtl="100" ytl="50" xbr="200" ybr="100" rotation="90"/>')
    np.testing.assert_allclose(corners(box), [(175, 25), (175, 125), (125, 125), (125, 25)])


def test_what_is_written_is_cvat_s() -> None:
    out = io.BytesIO()
    box = BoxLabel("car", 1.005, 2, 3, 4.5, rotation=30, occluded=True, attributes=(("colour", "blue <"),))
    answer = Answer((ClassLabel("night"),), (box,), source="model")
    images = [LabelledImage("é.jpg", 64, 48, (answer,)), LabelledImage("b.jpg", 64, 48, (Answer(),))]
    write_cvat(iter(images), out, io.BytesIO(), classes=("dog",), losses=Losses())
    text = out.getvalue().decode()
    assert [part.partition("<")[0] for part in text.split("<label><name>")[1:]] == ["dog", "night", "car"]
    assert '<image id="1" name="b.jpg" width="64" height="48">' in text
    assert (
        '<box label="car" occluded="1" xtl="1.0050" ytl="2.00" xbr="4.0050" ybr="6.50" z_order="0" '
        'rotation="30.00" source="auto">\n      <attribute name="colour">blue &lt;</attribute>' in text
    )


@pytest.mark.parametrize(
    ("shape", "edges"),
    [
        ('<polygon label="a" occluded="0" points="1.00,2.00;5.00,2.00;3.00,9.50"/>', (1, 2, 4, 7.5)),
        ('<mask label="a" occluded="0" rle="3, 5" left="4" top="5" width="6" height="7"/>', (4, 5, 6, 7)),
        ('<ellipse label="a" occluded="0" cx="10" cy="20" rx="3" ry="4"/>', (7, 16, 6, 8)),
        ('<ellipse label="a" occluded="0" cx="10" cy="20" rx="3" ry="4" rotation="90"/>', (6, 17, 8, 6)),
    ],
)
def test_other_shapes_are_refused_or_become_their_boxes(shape: str, edges: tuple[float, ...]) -> None:
    with pytest.raises(LabelFormatError, match=r"^a\.xml, line 3: 'a' is a \w+.*'shapes-as-boxes'"):
        boxes(shape)
    (box,) = boxes(shape, Loss.SHAPES_AS_BOXES)
    assert (box.x, box.y, box.width, box.height) == pytest.approx(edges)


@pytest.mark.parametrize("tag", ["polyline", "points", "cuboid", "skeleton"])
def test_shapes_without_a_box_are_refused_or_left_out(tag: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"line 3: 'a' is a {tag}.*'other-shapes'"):
        boxes(f'<{tag} label="a" occluded="0" points="1,2"/>')
    assert boxes(f'<{tag} label="a" occluded="0" points="1,2"/>', Loss.OTHER_SHAPES) == ()


BOX = '<box label="a" occluded="0" xtl="1" ytl="2" xbr="3" ybr="4"/>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (image(BOX.replace('"1"', '"nan"')), "line 3: xtl is 'nan'"),
        (image(BOX.replace('"1"', '"9"')), "line 3: the box of 'a' is -6 × 2"),
        (image(BOX.replace(' xtl="1"', "")), "line 3: xtl is missing"),
        (image(BOX.replace('label="a"', "")), "line 3: the class is missing"),
        (image(BOX.replace('occluded="0"', 'occluded="2"')), "line 3: occluded is '2'"),
        (image(BOX.replace("/>", ' rotation="inf"/>')), "line 3: rotation is 'inf'"),
        (image("<blob/>").replace("<blob", '<blob label="a"'), "line 3: <blob> is nothing that CVAT"),
        (image("", 'width="0" height="48"'), "line 2: width is '0'"),
        (image("").replace("a.jpg", "/etc/a.jpg"), "line 2: the name '/etc/a.jpg' leads out"),
        (
            image("</image><image name='a.jpg' width='1' height='1'>"),
            "line 3: the image 'a.jpg' is there twice",
        ),
        ('<annotations><track id="0" label="a"/></annotations>', "a track of a video. Export"),
        ("<annotation/>", "is a document of <annotation>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations/>', "it has a document type"),
    ],
)
def test_damage_is_named(text: str, message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^a\.xml.*{message}"):
        list(read(text).images)

"""Every format: what is written is read again, to a hundredth of a pixel."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.label_samples import SPEAKS, answers_of, images, there_and_back

from driftwheel.errors import LabelFormatError
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.turned_box import corners

CLOSE = 0.01 + 1e-9
FORMATS = list(SPEAKS)


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_there_and_back(form: LabelFormat, data: st.DataObject) -> None:
    given_images = data.draw(images(SPEAKS[form]))
    losses = Losses()
    before = dict(answers_of(given_images))
    found = there_and_back(form, given_images, losses)
    after = dict(answers_of(found))
    assert sorted(after) == sorted(name for name in before)
    for name, answer in before.items():
        assert [one.label for one in after[name].classes] == [one.label for one in answer.classes]
        assert len(after[name].boxes) == len(answer.boxes)
        for one, other in zip(answer.boxes, after[name].boxes, strict=True):
            for (x, y), (u, v) in zip(corners(one), corners(other), strict=True):
                assert abs(x - u) <= CLOSE
                assert abs(y - v) <= CLOSE
            still = {
                "x": one.x,
                "y": one.y,
                "width": one.width,
                "height": one.height,
                "rotation": one.rotation,
            }
            assert replace(other, **still) == one
    assert losses.all == ()


@pytest.mark.parametrize("form", FORMATS)
def test_the_size_of_an_image_survives(form: LabelFormat) -> None:
    box = (BoxLabel("a", 0, 0, 2, 3),) if SPEAKS[form].boxes else ()
    said = () if SPEAKS[form].boxes else (ClassLabel("a"),)
    (image,) = there_and_back(form, [LabelledImage("a.jpg", 640, 480, (Answer(said, box),))], Losses()).images
    assert (image.width, image.height) == ((640, 480) if SPEAKS[form].boxes else (None, None))


LOST = {
    Loss.ROTATION: BoxLabel("a", 10, 10, 5, 6, rotation=30),
    Loss.FLAGS: BoxLabel("a", 10, 10, 5, 6, crowd=True),
    Loss.ATTRIBUTES: BoxLabel("a", 10, 10, 5, 6, attributes=(("colour", "red"),)),
    Loss.SCORES: BoxLabel("a", 10, 10, 5, 6, score=0.5),
    Loss.ROUNDING: BoxLabel("a", 10.5, 10, 5, 6),
    Loss.OUTSIDE: BoxLabel("a", 200, 10, 5, 6),
    Loss.BOXES: BoxLabel("a", 10, 10, 5, 6),
    Loss.CLASSES: ClassLabel("a"),
    Loss.NOTHING: None,
}
SAYS = {
    LabelFormat.COCO: {Loss.FLAGS, Loss.ATTRIBUTES, Loss.SCORES},
    LabelFormat.CVAT: {Loss.ROTATION, Loss.ATTRIBUTES, Loss.CLASSES},
    LabelFormat.LABEL_STUDIO: {Loss.ROTATION, Loss.ATTRIBUTES, Loss.CLASSES},
    LabelFormat.CSV: {Loss.CLASSES},
    LabelFormat.YOLO: set(),
    LabelFormat.VOC: set(),
}
EVERYWHERE = {Loss.ROUNDING, Loss.OUTSIDE, Loss.BOXES, Loss.NOTHING}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("loss", LOST, ids=lambda loss: loss.value)
def test_what_a_format_cannot_say_is_refused_by_name_or_counted(form: LabelFormat, loss: Loss) -> None:
    one = LOST[loss]
    answer = Answer(
        (one,) if isinstance(one, ClassLabel) else (), (one,) if isinstance(one, BoxLabel) else ()
    )
    of = [LabelledImage("day 1/a.jpg", 100, 100, (answer,))]
    only = {Loss.ROUNDING: {LabelFormat.VOC}, Loss.OUTSIDE: {LabelFormat.VOC, LabelFormat.YOLO}}
    only |= {Loss.BOXES: {LabelFormat.CSV}, Loss.NOTHING: {LabelFormat.CSV}}
    fine = form not in only[loss] if loss in only else loss in SAYS[form]
    if fine and not (form is LabelFormat.CSV and isinstance(one, BoxLabel)):
        losses = Losses()
        assert len(list(answers_of(there_and_back(form, of, losses)))) == 1
        assert losses.all == ()
        return
    wanted = Loss.BOXES if form is LabelFormat.CSV and isinstance(one, BoxLabel) else loss
    with pytest.raises(LabelFormatError, match=rf"'day 1/a.jpg'.*allow '{wanted.value}'"):
        there_and_back(form, of, Losses())
    losses = Losses({wanted, Loss.NOTHING, Loss.ROUNDING})
    list(there_and_back(form, of, losses).images)
    assert (losses.all[0].kind, losses.all[0].count) == (wanted, 1)


@pytest.mark.parametrize("form", [form for form in FORMATS if form is not LabelFormat.LABEL_STUDIO])
def test_an_image_nobody_labelled_is_no_image_without_objects(form: LabelFormat) -> None:
    with pytest.raises(LabelFormatError, match=r"'a\.jpg': nobody has labelled it.*allow 'unlabelled'"):
        there_and_back(form, [LabelledImage("a.jpg", 9, 9)], Losses())
    losses = Losses({Loss.UNLABELLED})
    found = list(there_and_back(form, [LabelledImage("a.jpg", 9, 9)], losses).images)
    assert [one.answers for one in found] in ([], [()])
    assert losses.all[0].count == 1


@pytest.mark.parametrize("form", FORMATS)
def test_an_image_that_comes_twice_is_refused(form: LabelFormat) -> None:
    one = (
        Answer((ClassLabel("a"),)) if form is LabelFormat.CSV else Answer(boxes=(BoxLabel("a", 1, 1, 2, 2),))
    )
    twice = [LabelledImage("a.jpg", 9, 9, (one,))] * 2
    with pytest.raises(LabelFormatError, match=r"a\.(jpg|txt|xml)"):
        list(there_and_back(form, twice, Losses()).images)

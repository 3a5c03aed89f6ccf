from __future__ import annotations

from pathlib import Path

import pytest
from tests.demo.eyes.drawn_eyes import draw_eyes

from driftwheel.demo.eyes.published_eyes import read_eyes
from driftwheel.errors import SourceError


def touched(folder: Path, label: str, *names: str) -> None:
    (folder / label).mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / label / name).touch()


def test_both_eyes_of_a_person_in_all_photos_and_all_faces_of_a_photo_are_of_one_person(
    tmp_path: Path,
) -> None:
    touched(tmp_path, "open", *(f"Ada_Lin_{n:04}_{side}.jpg" for n in (1, 2) for side in "LR"))
    touched(tmp_path, "open", *(f"P{n}_0001_L.jpg" for n in range(40)))
    touched(tmp_path, "closed", *(f"closed_eye_0007.jpg_face_{n}_R.jpg" for n in (1, 2)))
    touched(tmp_path, "closed", *(f"closed_eye_1{n:03}.BMP_face_1_L.jpg" for n in range(40)))
    found = read_eyes(tmp_path)
    of = {one.file.name: (one.label, one.person) for one in found}
    assert len(found) == 4 + 40 + 2 + 40
    assert {of[f"Ada_Lin_{n:04}_{side}.jpg"] for n in (1, 2) for side in "LR"} == {("open", "Ada_Lin")}
    assert {of[f"closed_eye_0007.jpg_face_{n}_R.jpg"] for n in (1, 2)} == {("closed", "closed_eye_0007")}
    assert len({one.person for one in found}) == 82


def test_another_form_is_told_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no folder 'closed'.*Closed Eyes in the Wild.*_L\.jpg"):
        read_eyes(tmp_path)
    touched(tmp_path, "closed", "cat.jpg")
    touched(tmp_path, "open", "dog.jpg")
    with pytest.raises(SourceError, match=r"cat\.jpg does not say whose eye it is"):
        read_eyes(tmp_path)


def test_few_people_are_refused_with_how_many_are_needed(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="eyes of 3 people; at least 40"):
        read_eyes(draw_eyes(tmp_path, 3))

from __future__ import annotations

from driftwheel.images.faults import FAULT_NAMES
from driftwheel.report.fault_words import LOOKS, fault_looks, fault_meaning, fault_title


def test_every_fault_has_words_and_every_word_a_fault() -> None:
    assert set(LOOKS) == set(FAULT_NAMES)


def test_a_fault_from_elsewhere_is_spoken_of_by_its_name() -> None:
    assert fault_looks("bent_lens") == "show bent lens"
    assert fault_title("bent_lens") == "bent lens"
    assert fault_meaning("bent_lens") == ""


def test_a_phrase_follows_the_images() -> None:
    assert all(phrase.split()[0] in {"look", "have", "repeat"} for phrase in LOOKS.values())

from __future__ import annotations

from dataclasses import replace

import pytest

from driftwheel.drift.verdict import FaultFinding
from driftwheel.records import Unreadable
from driftwheel.report.numbers import NBSP
from driftwheel.report.property_words import property_words
from driftwheel.report.sentence import answer, answer_word, evidence, movement, reason, unreadable


def said(verdict) -> str:
    return f"{answer_word(verdict)}: {answer(verdict)}".replace(NBSP, " ")


def test_a_fault_is_said_with_severity_and_share(checks) -> None:
    assert said(checks["blur"].verdict) == (
        "Drift: the 150 current images look blurred (severity 3, about 94 % of them)."
    )


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (FaultFinding("blur", 3, 1.0, 0.97), "all 150 current images look blurred (severity 3)."),
        (FaultFinding("noise", 1, 0.2, 0.9), "about 20 % of the 150 current images look noisy (severity 1)."),
        (FaultFinding("greyscale", None, 0.9, 0.9),
         "the 150 current images have lost their colour (about 90 % of them)."),
        (FaultFinding("flip", None, 0.5, 0.9), "about 50 % of the 150 current images look flipped."),
        (FaultFinding("haze", 2, 1.0, 0.5), "all 150 current images probably look hazy (severity 2)."),
    ],
)  # fmt: skip
def test_the_sentence_fits_the_share_and_the_confidence(checks, found, sentence) -> None:
    verdict = replace(checks["blur"].verdict, diagnosis=(found,))
    assert answer(verdict).replace(NBSP, " ") == sentence


def test_a_change_of_content_is_no_camera_fault(checks) -> None:
    assert said(checks["content"].verdict) == (
        "Drift: the 150 current images show something else than the reference: other content, "
        "another scene or other light; none of the known camera faults explains it."
    )


def test_a_fault_that_is_likelier_wrong_than_right_is_no_answer(checks) -> None:
    verdict = replace(checks["blur"].verdict, diagnosis=(FaultFinding("haze", 2, 1.0, 0.23),))
    assert answer(verdict).replace(NBSP, " ") == (
        "the 150 current images look different from the reference; "
        "no known camera fault clearly explains it (the nearest: haze, 23 % sure)."
    )


def test_images_that_cannot_be_read_are_the_answer(checks) -> None:
    unread = tuple(Unreadable(f"{i}.jpg", "truncated") for i in range(50))
    verdict = replace(checks["blur"].verdict, kind="unreadable", unreadable=unread, diagnosed=False)
    assert said(verdict) == "Drift: 50 of 200 current images (25 %) could not be read: truncated (50)."
    assert reason(verdict) == "Those that could be read look like the reference."
    assert reason(replace(verdict, properties=())) == "Those that could be read are too few to compare."


def test_a_certain_but_small_change_is_not_called_the_same(checks) -> None:
    verdict = replace(checks["no_drift"].verdict, p_value=1e-9)
    assert said(verdict).endswith("differ from the reference, but by no more than it varies by itself.")
    assert "something did change; an alarm also takes a change that is large enough" in evidence(verdict)


def test_an_unexplained_change_says_so(checks) -> None:
    assert "none of the known camera faults explains it" in said(checks["without_embedder"].verdict)


def test_both_kinds_at_once_are_both_said(checks) -> None:
    verdict = replace(checks["blur"].verdict, kind="mixed")
    assert said(verdict).endswith("of them), and what they show changed too.")


def test_too_few_images_say_how_many_more(checks) -> None:
    verdict = checks["insufficient"].verdict
    assert said(verdict) == "Not enough images to say: 8 current images, of at least 20; 12 more needed."
    assert reason(verdict) == ""
    assert "false alarm" in evidence(verdict)


def test_where_there_are_no_two_sides_images_are_just_images(checks) -> None:
    """As of a window in the service; or they are those that were drawn of it."""
    for which in ("", "drawn "):
        said = {name: answer(one.verdict, which=which) for name, one in checks.items()}
        assert not any("current" in sentence or "  " in sentence for sentence in said.values())
        assert said["insufficient"].startswith(f"8 {which}images, of at least 20")
    lost = replace(checks["insufficient"].verdict, verdict="drift", kind="unreadable")
    lost = replace(lost, unreadable=(Unreadable("a.jpg", "truncated"),))
    assert answer(lost, which="").startswith("1 of 9 images (11")


def test_too_small_a_reference_is_told_from_too_few_current_images(checks) -> None:
    verdict = replace(checks["insufficient"].verdict, n_reference=5, n_current=700, images_needed=15)
    assert said(verdict) == "Not enough images to say: 5 reference images, of at least 20; 15 more needed."


def test_no_drift_names_the_largest_difference_and_its_limit(checks) -> None:
    verdict = checks["no_drift"].verdict
    calm = tuple(replace(one, effect=0.01 * i, threshold=0.5) for i, one in enumerate(verdict.properties))
    largest = calm[-1]
    sentence = reason(replace(verdict, properties=calm)).replace(NBSP, " ")
    assert sentence == (
        f"Nearest to counting is the difference in {property_words(largest.name).title}, "
        f"{largest.effect:.2f} σ, within what the reference itself varies by (0.50 σ)."
    )


def test_a_large_difference_by_chance_is_said_to_be_chance(checks) -> None:
    verdict = checks["no_drift"].verdict
    odd = (replace(verdict.properties[0], effect=0.9, threshold=0.2, p_value=0.3, wasserstein_sigmas=0.9),)
    assert "comes up by chance in about 30 in 100 comparisons" in reason(replace(verdict, properties=odd))


def test_the_reason_leads_with_the_strongest_property(checks) -> None:
    sentence = reason(checks["blur"].verdict).replace(NBSP, " ")
    assert sentence.startswith("Sharpness fell from ")
    assert sentence.endswith("edge density and entropy drifted with it.")


def test_drift_of_the_embeddings_alone_says_so(checks) -> None:
    verdict = checks["blur"].verdict
    calm = tuple(replace(one, drifted=False) for one in verdict.properties)
    assert reason(replace(verdict, properties=calm)) == (
        "No single property moved far enough to count; the embeddings did."
    )


def test_the_evidence_is_held_against_chance_and_the_dial(checks) -> None:
    sentence = evidence(checks["blur"].verdict).replace(NBSP, " ")
    assert sentence == (
        "Without any change, evidence this strong would come up in fewer than 1 in 20,000 comparisons; "
        "at most 1 false alarm a year is allowed, so an alarm takes less than 1 in 370."
    )


def test_a_category_moves_a_share_of_the_images(checks) -> None:
    one = next(p for p in checks["category"].verdict.properties if p.name == "format")
    assert movement(one).replace(NBSP, " ") == "format differs for 60 % of the images"


def test_unreadable_images_are_counted_by_reason(checks) -> None:
    verdict = checks["many_unreadable"].verdict
    sentence = unreadable("current", verdict.unreadable, verdict.n_current).replace(NBSP, " ")
    assert sentence == (
        "2,000 of 2,150 current images (93 %) could not be read: "
        "not an image (667), truncated (667), too many pixels (666)."
    )
    assert unreadable("current", (), 10) == ""


def test_many_reasons_are_cut_short() -> None:
    missing = tuple(Unreadable(f"{i}.jpg", f"reason {i:02}") for i in range(9))
    assert unreadable("current", missing, 91).endswith(
        "reason 00 (1), reason 01 (1), reason 02 (1), 6 other reasons."
    )


def test_every_shape_gives_whole_sentences(any_check) -> None:
    verdict = any_check.verdict
    for sentence in (answer(verdict), reason(verdict), evidence(verdict)):
        assert sentence == "" or sentence.endswith(".")
        assert not any(odd in sentence for odd in ("nan", "inf ", "None", "  ", ".."))

from __future__ import annotations

import io

from rich.console import Console

from driftwheel.report.terminal import print_check


def printed(check, **options) -> str:
    out = io.StringIO()
    print_check(check, Console(file=out, width=80, **options))
    return out.getvalue()


def test_nothing_is_wider_than_80_columns_and_nothing_steers_the_terminal(any_check) -> None:
    text = printed(any_check)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    text.encode("utf-8")


def test_a_pipe_gets_no_blanks_at_ends_of_lines_and_no_special_ones(any_check) -> None:
    text = printed(any_check)
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\u00a0" not in text


def test_the_answer_comes_first_then_the_property_that_moved_most(checks) -> None:
    lines = printed(checks["blur"]).splitlines()
    assert lines[0] == "Drift: the 150 current images look blurred (severity 3, about 94 % of them)."
    rows = [line for line in lines if "●" in line]
    assert [row.split("●")[1].split()[0] for row in rows] == ["sharpness", "edge", "entropy"]


def test_colour_only_adds_to_what_is_said(checks) -> None:
    import re

    coloured = printed(checks["blur"], force_terminal=True, color_system="standard")
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == printed(checks["blur"]).splitlines()


def test_only_what_drifted_is_red(checks) -> None:
    import re

    coloured = printed(checks["blur"], force_terminal=True, color_system="standard")
    red = re.findall(r"\x1b\[(?:\d+;)*31(?:;\d+)*m([^\x1b]*)", coloured)
    assert {one.strip() for one in red} <= {"Drift:", "●", ""}


def test_numbers_stay_whole_in_a_narrow_window(checks) -> None:
    out = io.StringIO()
    print_check(checks["blur"], Console(file=out, width=60))
    assert max(len(line) for line in out.getvalue().splitlines()) <= 60
    assert ".…" not in out.getvalue()


def test_markup_in_names_is_not_taken_for_markup(checks) -> None:
    assert "[bold]" in printed(checks["hostile"])


def test_no_number_is_cut_off(any_check) -> None:
    table = [
        line for line in printed(any_check).splitlines() if line.rstrip().endswith(("0.0005", " p", "1.00"))
    ]
    assert all("…" not in line[30:] for line in table)


def test_unreadable_images_and_notes_are_told(checks) -> None:
    assert "2,000 of 2,150 current images (93 %) could not be read" in printed(checks["many_unreadable"])
    assert "No embedder ran" in printed(checks["without_embedder"])


def test_a_fault_without_confidence_is_not_listed_beside_a_good_one(checks) -> None:
    text = printed(checks["blur"])
    assert "blur: severity 3, 94 % of the images, confidence 97 %" in text
    assert "motion blur" not in text

"""The estimated accuracy in the terminal, the report, a notebook and as JSON."""

from __future__ import annotations

from types import SimpleNamespace

import jsonschema
import pytest
from rich.console import Console

from driftwheel.predictions import AccuracyEstimate
from driftwheel.report.accuracy_view import accuracy_view
from driftwheel.report.fragment import check_fragment
from driftwheel.report.html import html_report
from driftwheel.report.json_document import json_document, json_schema
from driftwheel.report.terminal import print_check

TOLD = AccuracyEstimate(0.814, 0.743, 0.868, 150, 400, 0.9525, faults=17)
UNTOLD = AccuracyEstimate(0.6, 0.4, 0.8, 150, 400, 0.95, "scores like these go with any accuracy")
WORSE = "14 points below the reference (95 %)"


def test_what_is_told_stands_on_every_face(make: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    check = make.check(accuracy=TOLD)
    print_check(check, Console(width=100))
    assert WORSE in " ".join(capsys.readouterr().out.split())
    page = html_report(check).replace("\u00a0", " ")
    assert "How often the model is right: about 81 %" in page
    assert "17 kinds of camera faults" in page
    assert "interval 74 % to 87 %" in page
    assert WORSE in check_fragment(check).replace("\u00a0", " ")
    document = json_document(check.verdict)
    jsonschema.validate(document, json_schema())
    assert document["accuracy"]["estimate"] == 0.814
    assert document["accuracy"]["change"] == pytest.approx(-0.1385)
    assert document["accuracy"]["simulated_faults"] == 17


def test_what_cannot_be_told_has_its_reason_and_no_numbers(make: SimpleNamespace) -> None:
    check = make.check(accuracy=UNTOLD)
    document = json_document(check.verdict)
    jsonschema.validate(document, json_schema())
    assert document["accuracy"]["told"] is False
    assert {document["accuracy"][key] for key in ("estimate", "low", "high", "change")} == {None}
    page = html_report(check)
    assert "How often the model is right: cannot tell" in page
    assert UNTOLD.reason in page
    view = accuracy_view(check)
    assert view is not None
    assert not view.worse
    assert not view.chart


def test_it_is_worse_only_where_the_whole_interval_lies_below(make: SimpleNamespace) -> None:
    for high, worse in ((0.94, True), (0.96, False)):
        view = accuracy_view(make.check(accuracy=AccuracyEstimate(0.9, 0.85, high, 150, 400, 0.95)))
        assert view is not None
        assert view.worse is worse


def test_without_an_estimate_nothing_is_said(make: SimpleNamespace) -> None:
    check = make.check()
    assert json_document(check.verdict)["accuracy"] is None
    assert accuracy_view(check) is None
    assert "How often the model is right" not in html_report(check)

"""Cards as Markdown and as HTML: what is shown is what was said, and nothing else happens."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml
from markdown_it import MarkdownIt

from driftwheel.cards.card_texts import TEXTS, CardText
from driftwheel.cards.document import Block, Bullets, Card, Grid, Prose, Section, Terms, Written
from driftwheel.cards.write_html import write_html
from driftwheel.cards.write_markdown import write_markdown
from driftwheel.web.safe_markdown import safe_markdown

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
NASTY = ["<b>x</b>", "a|b", "*a* _b_ `c`", "[x](javascript:y)", "a\\|b", "![p](q)", "&lt;", "~~a~~", "# no"]


def card(*blocks: Block) -> Card:
    return Card("m, version v", NOW, "0" * 64, (Section("one", "One", blocks),), {"tags": ["driftwheel"]})


def said(text: str) -> Written:
    return Written(TEXTS["contact"], CardText(text, "ann", NOW, "v1", carried=True))


def as_html(markdown: str) -> str:
    _, _, body = markdown.removeprefix("---\n").partition("\n---\n")
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(body)


@pytest.mark.parametrize("name", NASTY)
def test_names_from_outside_are_shown_as_they_are(name: str) -> None:
    made = card(
        Prose(f"It is {name}."),
        Bullets((f"one {name}",)),
        Terms(((name, name),)),
        Grid(name, (name,), ((name,),)),
    )
    shown = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    html = as_html(write_markdown(made))
    assert f"<p>It is {shown}.</p>" in html
    assert f"<li>one {shown}</li>" in html
    assert html.count(f">{shown}</td>") == 3
    assert write_html(made, safe_markdown).count(shown) == 7


def test_the_front_matter_is_yaml_that_machines_read() -> None:
    front = write_markdown(card()).split("---\n")[1]
    assert yaml.safe_load(front) == {"tags": ["driftwheel"]}


def test_texts_of_people_stay_markdown_below_the_headings_of_the_card() -> None:
    code = "```\n# not <b>a</b> title\n```"
    text = f"# Big\n\nA **hole** <script>x</script>\n\n{code}\n\n<https://mill.example> 1 < 2"
    markdown = write_markdown(card(said(text)))
    assert "\n#### Big\n" in markdown
    assert "**hole** &lt;script>x&lt;/script>" in markdown
    assert "\n# not <b>a</b> title\n" in markdown
    assert "<https://mill.example> 1 < 2" in markdown
    assert "<sub>Written by ann, 2026-03-04 12:00 UTC, carried over from version v1.</sub>" in markdown
    html = write_html(card(said(text)), safe_markdown)
    assert "<strong>hole</strong>" in html
    assert "<script" not in html


def test_a_fence_that_nobody_closed_does_not_swallow_the_card() -> None:
    html = as_html(write_markdown(card(said("```\nall of it"), Prose("What comes after."))))
    assert "<p>What comes after.</p>" in html


def test_what_nobody_said_is_told_only_where_it_is_wanted() -> None:
    blocks = Written(TEXTS["contact"], None), Written(TEXTS["training"], None)
    markdown = write_markdown(card(*blocks))
    assert markdown.count("Nobody has said anything on this yet.") == 1
    assert "Notes on the training" not in markdown
    assert "There is nothing to say on this." in write_markdown(card(said("")))

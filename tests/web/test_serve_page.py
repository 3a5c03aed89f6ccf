"""The page on serving tells of every route, and what it asks, as the server does."""

from __future__ import annotations

from pathlib import Path

from driftwheel.services.access.authorise import ROLES
from driftwheel.settings import Settings
from driftwheel.web.app import create_app

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve.md"


def test_every_route_of_the_api_is_on_the_page(tmp_path: Path) -> None:
    described = create_app(Settings.load(data=tmp_path, worker=False)).openapi()["paths"]
    rows = [
        f"| `{method.upper()} {path}` | {operation['x-permission']} | "
        + operation["description"].split("\n\n")[0].replace("\n", " ").split(";")[0].rstrip(".")
        + " |"
        for path, methods in described.items()
        for method, operation in methods.items()
    ]
    text = PAGE.read_text(encoding="utf-8")
    assert text.split("| --- | --- | --- |\n")[-1].splitlines() == rows


def test_every_role_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [role for role in ROLES if f"\n| `{role}` |" not in text] == []

"""Labelling projects of a server, and people who open their invitations in a browser."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect
from tests.web.pages.pictures import picture
from tests.web.serving import Running, serving

from driftwheel.predictions import Classification, Detection, Record
from driftwheel.services.ingest.ingest_values import Incoming

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLASSES = ({"name": "disc"}, {"name": "ring", "key": "r"})

expect.set_options(timeout=15_000)  # a browser beside other tests may take its time


@dataclass
class LabellingSite:
    """A server with the models `discs` and `parts` (boxes), and who leads projects there."""

    running: Running
    lead: httpx.Client
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def records(
        self,
        n: int,
        prediction: Classification | Detection | None = None,
        images: Sequence[bytes] = (),
    ) -> list[str]:
        """Log records with images, these first, and return their ids."""
        names = [f"image-{next(self.numbers)}" for _ in range(n)]
        model = "parts" if isinstance(prediction, Detection) else "discs"
        sent = [
            Incoming(Record(name, model, NOON, prediction=prediction), image or picture(number))
            for number, (name, image) in enumerate(itertools.zip_longest(names, images))
        ]
        services = self.running.services
        results = services.ingest.ingest(sent, received=self.running.clock())
        assert {one.outcome for one in results} == {"accepted"}
        return names

    def project(
        self,
        n: int,
        answer: str = "class",
        *,
        classes: Sequence[Any] = CLASSES,
        instructions: str = "",
        special: Sequence[tuple[str, Any]] = (),
        prediction: Classification | Detection | None = None,
        images: Sequence[bytes] = (),
        **pool: Any,
    ) -> int:
        """Make a project with an open pool of `n` images and special tasks (kind, truth); return its key.

        With a prediction, each image is suggested to be that.
        """
        name = f"Project {next(self.numbers)}"
        model = "parts" if isinstance(prediction, Detection) else "discs"
        body = {"name": name, "model": model, "answer": answer, "classes": classes}
        made = self.lead.post("/api/v1/projects", json=body | {"instructions": instructions})
        assert made.status_code == 201, made.text
        key = int(made.json()["key"])
        at = f"/api/v1/projects/{key}/pools"
        rules = {"too_fast": False, "skipping": False, "challenge_every": 0} | pool.pop("rules", {})
        pool = {"name": "first", "golden_share": 0.0, "rules": rules} | pool
        at = f"{at}/{self.lead.post(at, json=pool).json()['key']}"
        if prediction is not None:
            shown = {"prelabels": "model", "hidden_share": 0.0}
            assert self.lead.patch(f"{at}/prelabels", json=shown).status_code == 200
        records = self.records(n + len(special), prediction, images)
        images: list[dict[str, Any]] = [{"record": one} for one in records[:n]]
        for record, (kind, truth) in zip(records[n:], special, strict=True):
            images.append({"record": record, "kind": kind, "truth": truth})
        assert not self.lead.post(f"{at}/images", json={"images": images}).json()["missing"]
        assert self.lead.post(f"{at}/open").json()["state"] == "open"
        return key

    def link(self, project: int, **more: Any) -> str:
        """Return the link of a new invitation."""
        made = self.lead.post(f"/api/v1/projects/{project}/invitations", json=more)
        return f"{self.running.url}/join/{made.json()['secret']}"

    def said(self, project: int) -> list[dict[str, Any]]:
        """Return every answer of a project's pools, in the order they came."""
        at = f"/api/v1/projects/{project}/pools"
        found = []
        for pool in self.lead.get(at).json():
            found += self.lead.get(f"{at}/{pool['key']}/answers").json()["answers"]
        return found


def join(page: Page, site: LabellingSite, project: int, name: str = "anna", *, ready: bool = True) -> None:
    """Open an invitation, join under a name, and wait for the first image."""
    page.goto(site.link(project))
    page.get_by_label("Your name", exact=True).fill(name)
    page.get_by_role("button", name="Join and begin", exact=True).click()
    page.wait_for_url(re.compile("/annotate/"))
    if ready:
        expect(page.locator("#canvas")).to_have_attribute("data-state", "shown")


def task(page: Page) -> str:
    """Return the number of the task that is shown."""
    return page.locator("#annotate").get_attribute("data-task") or ""


def press(page: Page, *keys: str) -> None:
    """Press keys that answer, and wait each time for the next task, or the end."""
    for key in keys:
        before = task(page)
        page.keyboard.press(key)
        expect(page.locator("#annotate")).not_to_have_attribute("data-task", before)


@contextmanager
def labelling(folder: Path) -> Iterator[LabellingSite]:
    """Serve labelling projects."""
    with serving(folder) as running:
        running.model("discs")
        running.model("parts", "detection")
        yield LabellingSite(running, running.with_token("engineer"))

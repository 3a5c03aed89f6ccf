"""A crowd of known quality labels over HTTP at a real server, and what it tells is so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.store.rows import NOON
from tests.web.serving import Running, serving
from tests.workflows.installation import picture
from typer.testing import CliRunner

from driftwheel.cli.app import app
from driftwheel.cli.simulate import _tell
from driftwheel.client.annotator import Annotator, invitation_of, join
from driftwheel.client.api import Api
from driftwheel.client.rehearsal.crowd import join_crowd, make_members, plan_crowd, read_confusion
from driftwheel.client.rehearsal.rehearse import (
    Rehearsal,
    RehearsedAnnotator,
    asked_classes,
    open_pools,
    rehearse,
)
from driftwheel.client.rehearsal.truths import Truths, read_truths, truths_of_tasks
from driftwheel.errors import DriftwheelError, SourceError, UsageError
from driftwheel.predictions import Classification, Record
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.records.new_record import NewRecord
from driftwheel.store.records.writer import write_records

CLASSES = ("cat", "dog")
IMAGES, GOLDEN = 24, 30
REAL = {f"r{i}": CLASSES[i % 2] for i in range(IMAGES)}
KNOWN = {f"g{i}": CLASSES[i % 2] for i in range(GOLDEN)}


@dataclass
class Labelling:
    """A project of one open pool; `folder` holds its images by class."""

    server: Running
    lead: httpx.Client
    token: str
    project: int
    pool: int
    folder: Path

    def invite(self, most: int = 20) -> str:
        path = f"/api/v1/projects/{self.project}/invitations"
        return str(self.lead.post(path, json={"most": most}).json()["secret"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        running.model("cats")
        yield running


@pytest.fixture(scope="module")
def folder(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Log the images, and keep them by class."""
    services, found = server.services, tmp_path_factory.mktemp("truth")
    with reading(services.engine) as connection:
        model = find_model(connection, "cats").key
    rows = []
    for number, (record, label) in enumerate({**REAL, **KNOWN}.items()):
        data = picture(number, (24, 32))
        (found / label).mkdir(exist_ok=True)
        (found / label / f"{record}.png").write_bytes(data)
        sha = services.blobs.put(data).hex()
        one = Record(record, "cats", NOON, image=sha, width=32, height=24, prediction=Classification("cat"))
        rows.append(NewRecord(model, one, hashlib.sha256(record.encode()).digest(), NOON))
    with writing(services.engine) as connection:
        write_records(connection, rows)
    return found


@pytest.fixture
def labelling(server: Running, folder: Path) -> Labelling:
    token = server.token("engineer")
    lead = server.client({"Authorization": f"Bearer {token}"})
    name = f"p{len(lead.get('/api/v1/projects').json())}"
    body = {"name": name, "model": "cats", "answer": "class", "classes": [{"name": one} for one in CLASSES]}
    project = lead.post("/api/v1/projects", json=body).json()["key"]
    at = f"/api/v1/projects/{project}/pools"
    pool = lead.post(at, json={"name": "first", "overlap": 3, "golden_share": 0.5, "price": 0.05}).json()[
        "key"
    ]
    images: list[dict[str, object]] = [{"record": one} for one in REAL]
    images += [{"record": one, "kind": "golden", "truth": {"class": label}} for one, label in KNOWN.items()]
    assert lead.post(f"{at}/{pool}/images", json={"images": images}).json()["added"] == IMAGES + GOLDEN
    lead.post(f"{at}/{pool}/open")
    return Labelling(server, lead, token, project, pool, folder)


def rehearsed(
    its: Labelling, source: str, number: int, *, quality: float = 0.95, **crowd: float
) -> Rehearsal:
    api = Api(its.server.url, its.token)
    kinds = plan_crowd(number, **crowd)  # type: ignore[arg-type]
    members = make_members(join_crowd(api, its.invite(), kinds), kinds, 2, quality=quality)
    pools = open_pools(api, its.project)
    known = truths_of_tasks(api, its.project, pools, read_truths(source), CLASSES)
    return rehearse(api, its.project, pools, members, known, challenges=False)


def test_good_ones_label_everything_and_it_is_told_what_it_cost(labelling: Labelling, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(labelling.token + "\n")
    link = f"{labelling.server.url}/join/{labelling.invite()}"
    line = ["simulate", "annotators", link, "--truth", str(labelling.folder), "--annotators", "4", "--json"]
    line += ["--accuracy", "0.95", "--no-challenges", "--token-file", str(tmp_path / "token")]
    told = CliRunner().invoke(app, line, catch_exceptions=False)
    assert told.exit_code == 0
    found = json.loads(told.output)
    assert [found[one] for one in ("images", "done", "judged", "unknown")] == [IMAGES, IMAGES, IMAGES, 0]
    assert found["answers"] == sum(one["answered"] for one in found["annotators"]) >= 3 * IMAGES
    assert found["cost"] == pytest.approx(0.05 * found["answers"])
    assert found["right"] >= 0.9 * IMAGES
    assert found["people_seconds"] == pytest.approx(sum(one["seconds"] for one in found["annotators"]))
    assert 4 * 3600 * found["hours"] >= found["people_seconds"]
    assert [one["judged"] for one in found["annotators"]] == [""] * 4
    rules = labelling.lead.get(f"/api/v1/projects/{labelling.project}/pools/{labelling.pool}").json()["rules"]
    assert rules["challenge_every"] == 200


def test_who_is_poor_is_found_and_named(labelling: Labelling, tmp_path: Path) -> None:
    records = tmp_path / "truth.csv"
    records.write_text("record,class\n" + "".join(f"{k},{v}\n" for k, v in {**REAL, **KNOWN}.items()))
    # which golden tasks each gets is the server's secret: good ones never err, and about 20 show who is poor
    found = rehearsed(labelling, str(records), 5, quality=1.0, first_class=1)
    poor = found.annotators[-1]
    assert (poor.name, poor.kind, poor.poor) == ("first-class 1", "first-class", True)
    assert poor.expected == pytest.approx(0.5)
    assert (poor.event, poor.judged) == ("ban", "rightly banned")
    assert "golden" in poor.reason
    assert found.done == IMAGES
    assert {one.judged for one in found.annotators[:4]} == {""}


def test_golden_tasks_alone_can_tell_the_truth(labelling: Labelling) -> None:
    api = Api(labelling.server.url, labelling.token)
    known = truths_of_tasks(api, labelling.project, [labelling.pool], read_truths("golden"), CLASSES)
    names = {"cat": 0, "dog": 1}
    for record, label in KNOWN.items():
        image = (labelling.folder / label / f"{record}.png").read_bytes()
        assert known[hashlib.sha256(image).hexdigest()] == names[label]
    assert set(known.values()) == {0, 1}
    assert len(known) == IMAGES + GOLDEN


def test_it_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    good = RehearsedAnnotator("good 1", "good", 0.92, 30, 0, 9, 9, 120.0, "", "")
    poor = RehearsedAnnotator("spammer 1", "spammer", 0.5, 12, 0, 9, 3, 12.0, "ban", "3 of 9 golden tasks.")
    asked = RehearsedAnnotator("good 2", "good", 0.92, 12, 1, 9, 9, 12.0, "challenge", "Digits.")
    _tell(Rehearsal(20, 18, 54, 2.7, 144.0, 1 / 30, 16, 15, 1, 2, (good, poor, asked)))
    told = capsys.readouterr().out
    for words in (
        "Images: 18 of 20 done; 1 waits for a review.",
        "right for 15 of 16 images whose truth is known (93.8 %)",
        "54 paid for, 3.0 an image; they cost 2.70.",
        "2 min together, 2 min side by side",
        "rightly banned",
        "3 of 9 golden tasks.",
        "Of 2 images nobody knows the truth",
        "--no-challenges",
    ):
        assert words in told


def test_names_that_are_taken_are_passed_over(labelling: Labelling) -> None:
    api, secret = Api(labelling.server.url), labelling.invite()
    assert isinstance(join(api, secret, "good 1"), Annotator)
    assert join(api, secret, "good 1") is None
    assert [one.name for one in join_crowd(api, secret, ("good", "good"))] == ["good 2", "good 3"]
    with pytest.raises(DriftwheelError, match="Nobody can join by this invitation"):
        join(api, "nonsense", "ann")


def test_what_cannot_be_rehearsed_is_said(labelling: Labelling, tmp_path: Path) -> None:
    api = Api(labelling.server.url, labelling.token)
    labelling.lead.post(f"/api/v1/projects/{labelling.project}/pools/{labelling.pool}/close", json={})
    with pytest.raises(UsageError, match="has no open pool"):
        open_pools(api, labelling.project)
    body = {"name": f"boxes {labelling.project}", "model": "cats", "answer": "boxes"}
    made = labelling.lead.post("/api/v1/projects", json=body | {"classes": [{"name": "cat"}]}).json()["key"]
    with pytest.raises(UsageError, match="one class an image"):
        asked_classes(api, made)
    with pytest.raises(UsageError, match="Of no image of these pools is the truth known"):
        truths_of_tasks(api, labelling.project, [labelling.pool], Truths({"00": "cat"}, {}), CLASSES)
    with pytest.raises(UsageError, match="is said to show 'bird'"):
        truths_of_tasks(api, labelling.project, [labelling.pool], Truths({}, {"r1": "bird"}), CLASSES)
    with pytest.raises(SourceError, match="There is no folder or file"):
        read_truths(str(tmp_path / "nowhere"))
    with pytest.raises(SourceError, match="needs a folder of images for each class"):
        read_truths(str(tmp_path))
    with pytest.raises(UsageError, match="is no link of an invitation"):
        invitation_of("https://driftwheel.example/invite/x")
    with pytest.raises(DriftwheelError, match="does not answer"):
        Api("http://127.0.0.1:9").get("/projects")


def test_files_that_are_none_are_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "truths.csv"
    for content, said in (
        (b"record,class\n\xff,cat", r"is no text in UTF-8: .* at byte 13"),
        (b"record,class\n" + b"x" * 200_000, r"is no CSV file: field larger than"),
    ):
        file.write_bytes(content)
        with pytest.raises(SourceError, match=said):
            read_truths(str(file))
    (tmp_path / "of" / "cat").mkdir(parents=True)
    (tmp_path / "of" / "cat" / "lost.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(SourceError, match=r"lost\.png cannot be read: No such file"):
        read_truths(str(tmp_path / "of"))
    with pytest.raises(UsageError, match="has characters that no token has"):
        Api("http://127.0.0.1:1", "dw_a\nHost: elsewhere")


def test_a_crowd_is_planned_by_shares() -> None:
    assert plan_crowd(4, careless=0.25, lazy=0.25) == ("good", "good", "careless", "lazy")
    with pytest.raises(UsageError, match="give smaller shares"):
        plan_crowd(2, spammers=1.0, first_class=1)
    with pytest.raises(UsageError, match="give 0 to 1"):
        plan_crowd(2, lazy=1.5)


def test_a_matrix_is_read_in_the_order_of_the_classes(tmp_path: Path) -> None:
    file = tmp_path / "matrix.csv"
    file.write_text(",dog,cat\ndog,8,2\ncat,1,9\n")
    assert read_confusion(file, CLASSES).tolist() == [[9, 1], [2, 8]]
    file.write_text(",dog\ndog,8\n")
    with pytest.raises(SourceError, match="no confusion matrix of the classes cat, dog"):
        read_confusion(file, CLASSES)

"""An ONNX file by the page: kept, described, bounded, and refused with the API's words."""

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.web.pages.conftest import Site, log_in, press
from tests.web.serving import serving

from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import ModelVersion, find_model, list_versions

onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")


def network() -> bytes:
    """A network with an image, a fixed weight, and two outputs."""
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Mul", ["images", "weight"], ["logits"])],
        "test",
        [info("images", 1, ["n", 3, 224, 224])],
        [info("logits", 1, ["n", 3, 224, 224])],
        [onnx.helper.make_tensor("weight", 1, [1], [2.0])],
    )
    return onnx.helper.make_model(graph).SerializeToString()


def versions(site: Site, name: str) -> list[ModelVersion]:
    with reading(site.running.services.engine) as connection:
        return list_versions(connection, find_model(connection, name).key)


def test_a_version_is_added_with_its_file(page: Page, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(network())
    log_in(page, site, "ella", to="/models/discs/setup")
    press(page, "v")
    page.fill("input[name=version]", "v2")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**told=version*")
    row = page.locator("#versions tr", has_text="v2")
    expect(row).to_contain_text("images: float32 n × 3 × 224 × 224")
    expect(row).to_contain_text("logits: float32 n × 3 × 224 × 224")
    expect(row).not_to_contain_text("weight")
    (kept,) = versions(site, "discs")
    assert kept.artifact == hashlib.sha256(file.read_bytes()).digest()
    assert site.running.services.blobs.get(kept.artifact) == file.read_bytes()
    page.goto(f"{site.url}/models/discs/versions/new")
    page.fill("input[name=version]", "v2")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The model already has a version 'v2'")
    expect(page.locator("input[name=version]")).to_have_value("v2")


def test_a_version_needs_no_file(page: Page, site: Site) -> None:
    log_in(page, site, "ella", to="/models/parts/versions/new")
    page.fill("input[name=version]", "<b>1</b>")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**told=version*")
    expect(page.locator("#versions tr", has_text="<b>1</b>")).to_contain_text("none")


def test_what_is_no_onnx_file_is_refused_as_by_the_api(page: Page, site: Site, tmp_path: Path) -> None:
    for name, content, told in (
        ("cat.onnx", b"GIF89a, not a network", "These 21 bytes are no ONNX model"),
        ("empty.onnx", b"", "The file is empty"),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        log_in(page, site, "ella", to="/models/quiet/versions/new")
        page.fill("input[name=version]", "v1")
        page.set_input_files("input[type=file]", file)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text(told)
        page.context.clear_cookies()
    assert versions(site, "quiet") == []


def test_a_file_that_is_too_large_is_not_sent(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "large.onnx"
    file.write_bytes(bytes(400_000))
    with serving(tmp_path / "data", max_body_bytes=300_000) as running:
        running.user("ella", "engineer")
        running.model("discs")
        log_in(page, Site(running, tmp_path), "ella", to="/models/discs/versions/new")
        page.fill("input[name=version]", "v1")
        page.set_input_files("input[type=file]", file)
        said = page.locator("input[type=file]").evaluate("each => each.validationMessage")
        assert said.startswith("This file has 0.4 MB; at most 0.3 MB")
        page.get_by_role("button", name="Add", exact=True).click()
        assert page.url.endswith("/models/discs/versions/new")
        client = running.logged_in("ella")
        sent = {"data": {"version": "v1"}, "files": {"file": ("large.onnx", bytes(400_000))}}
        refused = client.post("/models/discs/versions/new", headers={"Accept": "text/html"}, **sent)
        assert refused.status_code == 413
        assert "This is too large" in refused.text
        assert client.post("/models/discs/versions/new", **sent).json()["status"] == 413


def test_without_the_secret_of_the_session_nothing_is_kept(site: Site) -> None:
    client = site.running.logged_in("ella")
    del client.headers["X-CSRF-Token"]
    sent = {"data": {"version": "forged"}, "files": {"file": ("x.onnx", network())}}
    assert client.post("/models/quiet/versions/new", **sent).status_code == 403
    sent["data"] = {"version": "forged", "csrf": "x" * 43}
    assert client.post("/models/quiet/versions/new", **sent).status_code == 403
    assert versions(site, "quiet") == []

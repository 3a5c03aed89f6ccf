"""`profile`, `merge`, `show` and `compare` from folder to answer, as a person runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from driftwheel.cli import app
from driftwheel.errors import DriftwheelError
from driftwheel.profiles import read_profiles

Run = Callable[..., Result]
PATTERN = "{camera}_{time:%Y%m%d_%H%M%S}"


def write_images(folder: Path, n: int, seed: int, *, brighter: int = 0, day: int = 2) -> None:
    """Noisy ramps of two cameras, an hour apart."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    ramp = np.linspace(40, 140, 48)[:, None, None]
    for i in range(n):
        level = rng.normal(0, 10) + brighter
        pixels = np.clip(ramp + level + rng.normal(0, 8, (48, 48, 3)), 0, 255).astype(np.uint8)
        camera = ("east", "west")[i % 2]
        name = f"{camera}_202603{day:02d}_{i % 24:02d}{i // 24:02d}00.png"
        assert cv2.imwrite(str(folder / name), pixels)


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "100"})

    return invoke


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of images: two alike, one brighter."""
    path = tmp_path_factory.mktemp("images")
    write_images(path / "day1", 48, 1, day=2)
    write_images(path / "day2", 48, 2, day=3)
    write_images(path / "bright", 48, 3, day=4, brighter=60)
    (path / "day2" / "west_20260303_125959.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return path


@pytest.fixture(scope="module")
def files(folder: Path) -> Path:
    for name in ("day1", "day2", "bright"):
        options = ["--embedder", "none", "--name-pattern", PATTERN, "--threads", "1", "--no-progress"]
        split = ["--window", "hour", "--by", "camera"]
        found = CliRunner().invoke(
            app, ["profile", str(folder / name), "-o", str(folder / f"{name}.dwp"), *split, *options]
        )
        assert found.exit_code == 0, found.output
    return folder


def test_profile_says_what_it_wrote(run: Run, files: Path) -> None:
    out = files / "whole.dwp"
    found = run("profile", files / "day2", "-o", out, "--embedder", "none", "--threads", 1)
    assert found.exit_code == 0
    size = out.stat().st_size
    assert found.stdout == f"{out}: 48 images, 1 unreadable, {size:,} bytes\n"
    assert size <= 64 * 1024
    assert len(read_profiles(out)) == 1


def test_windows_and_segments(files: Path) -> None:
    profiles = read_profiles(files / "day2.dwp")
    assert (profiles.window, profiles.by) == ("hour", ("camera",))
    assert profiles.whole().n == 48
    noon = [p for k, p in profiles.profiles.items() if k.start is not None and k.start.hour == 12]
    assert sum(sum(p.unreadable.values()) for p in noon) == 1  # the broken file is counted in its hour


def test_merging_in_any_order_is_the_same_file(run: Run, files: Path) -> None:
    outs = [files / "forth.dwp", files / "back.dwp"]
    names = ["day1.dwp", "day2.dwp", "bright.dwp"]
    for out, order in zip(outs, (names, names[::-1]), strict=True):
        found = run("merge", *(files / name for name in order), "-o", out)
        assert found.exit_code == 0
        assert "144 images from 3 files" in found.stdout
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_profile_that_is_merged_twice_is_noted(run: Run, files: Path) -> None:
    (files / "copy.dwp").write_bytes((files / "day1.dwp").read_bytes())
    found = run("merge", files / "day1.dwp", files / "day1.dwp", "-o", files / "twice.dwp")
    assert found.exit_code == 0
    assert found.stderr == f"Note: {files / 'day1.dwp'} is given twice: its images are counted twice.\n"
    found = run("merge", files / "day1.dwp", files / "copy.dwp", files / "day1.dwp", "-o", files / "3.dwp")
    assert "day1.dwp and" in found.stderr
    assert "copy.dwp hold the same, which is given 3 times: its images are counted 3 times." in found.stderr
    assert run("merge", files / "day1.dwp", files / "day2.dwp", "-o", files / "ok.dwp").stderr == ""


def test_a_split_that_splits_nothing_is_noted(run: Run, files: Path) -> None:
    images, out = files / "day1", files / "unsplit.dwp"
    plain = ("profile", images, "-o", out, "--embedder", "none", "--threads", 1)
    found = run(*plain, "--by", "camra", "--name-pattern", PATTERN)
    assert found.exit_code == 0
    assert found.stderr == (
        "Note: No image has the tag 'camra', so it splits nothing. Did you mean 'camera'? "
        "Tags there are: camera.\n"
    )
    assert "has any tag; they come from a name pattern" in run(*plain, "--by", "camera").stderr
    assert (
        "No image has a time, so windows of one day split nothing." in run(*plain, "--window", "day").stderr
    )
    table = files / "times.csv"
    table.write_text("image,time\nother.png,2026-03-05\n")
    found = run(*plain, "--table", table)
    assert "48 of 48 images" in found.stderr
    assert "for example 'east_20260302_000000.png'. The table names 'other.png', for example." in found.stderr
    assert run(*plain, "--by", "camera", "--window", "day", "--name-pattern", PATTERN).stderr == ""


def test_merging_to_coarser_windows(run: Run, files: Path) -> None:
    both = (files / "day1.dwp", files / "day2.dwp")
    run("merge", *both, "-o", files / "days.dwp", "--window", "day", "--by", "camera")
    assert len(read_profiles(files / "days.dwp")) == 4
    run("merge", *both, "-o", files / "cameras.dwp", "--window", "all")
    assert len(read_profiles(files / "cameras.dwp")) == 2
    found = run("merge", *both, "-o", files / "one.dwp", "--whole")
    assert "one profile" in found.stdout
    assert len(read_profiles(files / "one.dwp")) == 1
    found = run("merge", *both, "-o", files / "no.dwp", "--whole", "--window", "day")
    assert isinstance(found.exception, DriftwheelError)
    assert "leave out --window and --by, or --whole" in str(found.exception)
    assert not (files / "no.dwp").exists()


def test_show(run: Run, files: Path) -> None:
    found = run("show", files / "day2.dwp")
    assert found.exit_code == 0
    for text in (
        "day2.dwp: 48 images, exact mode",
        "from 2026-03-03 00:00:00 to",
        "1 unreadable",
        "brightness",
    ):
        assert text in found.stdout
    assert "… " in found.stdout  # 24 windows and segments are too many to list
    assert max(map(len, found.stdout.splitlines())) <= 100


def test_show_keeps_numbers_whole_where_it_is_narrow(files: Path) -> None:
    found = CliRunner().invoke(app, ["show", str(files / "day2.dwp")], env={"COLUMNS": "60"})
    lines = found.stdout.splitlines()
    assert max(map(len, lines)) <= 60
    assert all(line == line.rstrip() for line in lines)
    assert [line for line in lines if "…" in line and not line.startswith("… ")] == []


def test_show_json(run: Run, files: Path) -> None:
    found = run("show", files / "day1.dwp", "--json")
    document = json.loads(found.stdout)
    assert (document["window"], document["by"], document["embedder"]) == ("hour", ["camera"], None)
    assert sum(part["n"] for part in document["profiles"]) == 48
    brightness = next(p for p in document["profiles"][0]["properties"] if p["name"] == "brightness")
    assert brightness["quantiles"][2]["share"] == 0.5
    assert brightness["quantiles"][2]["error_bound"] <= 1.0
    assert '"counts": [' in found.stdout
    assert not any(line.strip().rstrip(",").isdigit() for line in found.stdout.splitlines())
    assert sum(brightness["histogram"]["counts"]) == brightness["count"] == document["profiles"][0]["n"]


def test_compare_alike_and_brighter(run: Run, files: Path) -> None:
    alike = run("compare", files / "day1.dwp", files / "day2.dwp", "--fail-on", "drift")
    assert alike.exit_code == 0, alike.stdout
    assert alike.stdout.startswith("No drift: the 48 current images are like the 48 reference images")
    bright = run("compare", files / "day1.dwp", files / "bright.dwp")
    assert bright.exit_code == 0
    assert bright.stdout.startswith("Drift: the 48 current images differ from the 48 reference images")
    assert "● brightness" in bright.stdout
    assert run("compare", files / "day1.dwp", files / "bright.dwp", "--fail-on", "drift").exit_code == 3


def test_compare_json_keeps_to_the_schema_of_check(run: Run, files: Path) -> None:
    import jsonschema

    from driftwheel.report.json_document import json_schema

    out = files / "answer.json"
    found = run("compare", files / "day1.dwp", files / "bright.dwp", "--json", out)
    assert found.exit_code == 0
    document = json.loads(out.read_text())
    jsonschema.validate(document, json_schema())
    assert document["verdict"] == "drift"
    assert document["answer"].startswith("Drift: the 48 current images differ")
    brightness = next(p for p in document["properties"] if p["name"] == "brightness")
    assert brightness["drifted"]
    assert 0 < max(p["statistic_error"] for p in document["properties"]) <= 1


def test_compare_each_window_and_segment(run: Run, files: Path) -> None:
    for name in ("day1", "day2", "bright"):
        run("merge", files / f"{name}.dwp", "-o", files / f"{name}-d.dwp", "--window", "day")
    run("merge", files / "day2-d.dwp", files / "bright-d.dwp", "-o", files / "two.dwp")
    found = run(
        "compare", files / "day1.dwp", files / "two.dwp", "--each", "--fail-on", "drift", "--json", "-"
    )
    assert found.exit_code == 3
    windows = json.loads(found.stdout)["windows"]
    assert [(w["start"][:10], w["segment"]["camera"], w["verdict"]) for w in windows] == [
        ("2026-03-03", "east", "no_drift"),
        ("2026-03-03", "west", "no_drift"),
        ("2026-03-04", "east", "drift"),
        ("2026-03-04", "west", "drift"),
    ]
    assert [w["n_reference"] for w in windows] == [24] * 4  # each against its own camera
    table = run("compare", files / "day1.dwp", files / "two.dwp", "--each")
    assert "brightness" in table.stdout


def test_too_few_images_exit_with_4(run: Run, tmp_path: Path) -> None:
    write_images(tmp_path / "few", 5, 0)
    run("profile", tmp_path / "few", "-o", tmp_path / "few.dwp", "--embedder", "none", "--threads", 1)
    found = run("compare", tmp_path / "few.dwp", tmp_path / "few.dwp")
    assert found.exit_code == 4
    assert found.stdout.startswith("Not enough images to say")
    assert "at least 15 more images are needed" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "IMAGES"), "is no Driftwheel profile"),
        (("show", "nothing.dwp"), "cannot be read: No such file"),
        (("compare", "day1.dwp", "cut.dwp"), "is cut short"),
        (("merge", "day1.dwp", "day1.dwp", "-o", "no/such/x.dwp"), "there is no folder"),
        (("compare", "day1.dwp", "gist.dwp"), "a different embedder ('none' and 'gist-1')"),
        (
            ("profile", "day1", "-o", "x.dwp", "--reference", "day1.dwp", "--fast"),
            "Profile them without --fast",
        ),
        (
            ("profile", "day1", "-o", "x.dwp", "--reference", "day1.dwp", "--embedder", "gist"),
            "Leave --embedder",
        ),
    ],
)
def test_mistakes_end_in_a_sentence(run: Run, files: Path, arguments: tuple[str, ...], message: str) -> None:
    (files / "cut.dwp").write_bytes((files / "day1.dwp").read_bytes()[:-100])
    run("profile", files / "day1", "-o", files / "gist.dwp", "--embedder", "gist", "--threads", 1)
    picture = next((files / "day1").iterdir())
    named = [
        str(picture if a == "IMAGES" else files / a) if "." in a or a in ("IMAGES", "day1") else a
        for a in arguments
    ]
    found = run(*named)
    assert isinstance(found.exception, DriftwheelError), found.output
    assert message in str(found.exception)

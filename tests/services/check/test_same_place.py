from pathlib import Path

from driftwheel.services.check.same_place import same_place


def test_paths_links_and_urls(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert same_place(tmp_path / "a", str(tmp_path / "a") + "/")
    assert same_place(str(tmp_path / "link"), tmp_path / "a")
    assert not same_place(tmp_path / "a", tmp_path / "b")
    assert same_place("s3://bucket/day1/", "s3://bucket/day1")
    assert not same_place("s3://bucket/day1", "s3://bucket/day2")
    assert not same_place("s3://bucket/day1", tmp_path)


def test_only_the_same_object_is_the_same_images() -> None:
    images = ["a.jpg"]
    assert same_place(images, images)
    assert not same_place(images, ["a.jpg"])
    assert not same_place(images, "a.jpg")

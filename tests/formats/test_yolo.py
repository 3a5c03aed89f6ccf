from __future__ import annotations

import pytest
from tests.formats.label_samples import Held, held

from driftwheel.errors import LabelFormatError
from driftwheel.formats.labelled_image import Answer, BoxLabel, LabelledImage
from driftwheel.formats.losses import Loss, Losses, Note
from driftwheel.formats.yolo import read_yolo, write_yolo

DATA = b"train: images\nval: images\nnames:\n  0: cat\n  1: dog\n"
BOMB = (
    b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 7))
    + b"names: [*a6]\n"
)  # 4 million x


def read(
    files: dict[str, bytes], losses: Losses | None = None, size: tuple[int, int] = (64, 48)
) -> list[LabelledImage]:
    held_files = Held({"data.yaml": DATA} | files)
    return list(read_yolo(held_files, size_of=lambda _: size, losses=losses or Losses()).images)


def one(line: str, losses: Losses | None = None) -> tuple[BoxLabel, ...]:
    (image,) = read({"images/a.jpg": b"", "labels/a.txt": line.encode()}, losses)
    return image.answers[0].boxes


def test_a_data_set_as_cvat_and_datumaro_write_it() -> None:
    files = Held({
        "obj.data": b"classes = 2\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n",
        "obj.names": b"cat\ndog\n",
        "train.txt": b"data/obj_train_data/neg.jpg\n",
        "obj_train_data/neg.jpg": b"",
        "obj_train_data/neg.txt": b"",
        "obj_train_data/day 1/é a.jpg": b"",
        "obj_train_data/day 1/é a.txt": b"0 0.101562 0.255208 0.156250 0.416667\n"
        b"1 0.109375 0.177083 0.093750 0.145833",
    })  # fmt: skip
    labels = read_yolo(files, size_of=lambda _: (64, 48), losses=Losses())
    assert labels.classes == ("cat", "dog")
    first, second = labels.images
    assert first.name == "obj_train_data/day 1/é a.jpg"
    for box, edges in zip(first.answers[0].boxes, [(1.5, 2.25, 10, 20), (4, 5, 6, 7)], strict=True):
        assert (box.x, box.y, box.width, box.height) == pytest.approx(edges, abs=1e-4)
    assert second.answers == (Answer(),)


def test_no_file_is_not_labelled_and_an_empty_file_is_nothing_there() -> None:
    found = read({"images/train/a.jpg": b"", "images/train/b.jpg": b"", "labels/train/b.txt": b" \n"})
    assert [(image.name, image.answers) for image in found] == [
        ("train/a.jpg", ()),
        ("train/b.jpg", (Answer(),)),
    ]


def test_layouts() -> None:
    line = b"0 0.5 0.5 0.5 0.5\n"
    for image, text in [
        ("images/train/a b.jpg", "labels/train/a b.txt"),
        ("train/images/a b.jpg", "train/labels/a b.txt"),
        ("train/a b.jpg", "train/a b.txt"),
    ]:
        (found,) = read({image: b"", text: line})
        assert (found.name, found.answers[0].boxes) == ("train/a b.jpg", (BoxLabel("cat", 16, 12, 32, 24),))


def test_images_that_lie_elsewhere() -> None:
    files = Held({"data.yaml": DATA, "labels/a.txt": b"1 0.5 0.5 1 1\n"})
    (image,) = read_yolo(files, size_of={"a.png": (10, 20)}.get, losses=Losses(), images=["a.png"]).images
    assert image.answers[0].boxes == (BoxLabel("dog", 0, 0, 10, 20),)


def test_scores_are_of_a_model() -> None:
    (image,) = read({"images/a.jpg": b"", "labels/a.txt": b"0 0.5 0.5 0.5 0.5 0.25\n"})
    assert (image.answers[0].source, image.answers[0].boxes[0].score) == ("model", 0.25)
    with pytest.raises(LabelFormatError, match=r"held/labels/a\.txt: some lines have a score"):
        one("0 0.5 0.5 0.5 0.5 0.25\n0 0.5 0.5 0.5 0.5\n")


def test_polygons_are_refused_or_become_their_boxes() -> None:
    line = "0 0.25 0.25 0.5 0.25 0.5 0.75"
    with pytest.raises(
        LabelFormatError, match=r"a\.txt, line 1: 'cat' is a polygon of 3 points.*'shapes-as-boxes'"
    ):
        one(line)
    assert one(line, Losses({Loss.SHAPES_AS_BOXES})) == (BoxLabel("cat", 16, 12, 16, 24),)


def test_boxes_are_clipped_and_that_is_told() -> None:
    losses = Losses()
    cut, rounded = one("0 0.0 0.5 0.5 0.5\n0 0.25 0.5 0.50001 0.5", losses)
    assert (cut.x, cut.width, rounded.x) == (0, 16, 0)
    assert rounded.width == pytest.approx(32, abs=0.01)
    assert [(lost.kind, lost.count) for lost in losses.all] == [(Note.CLIPPED, 1)]
    losses = Losses()
    image = LabelledImage("a.jpg", 100, 50, (Answer(boxes=(BoxLabel("cat", -10, 40, 20, 20),)),))
    text, _ = write_yolo([image], classes=(), losses=losses)
    assert text.content == b"0 0.0500000000 0.9000000000 0.1000000000 0.2000000000\n"
    assert [(lost.kind, lost.count, lost.first) for lost in losses.all] == [
        (Note.CLIPPED, 1, "'a.jpg', box 1")
    ]


def test_data_yaml() -> None:
    def written(*names: str) -> bytes:
        images = [LabelledImage(name, 9, 9, (Answer(boxes=(BoxLabel("no", 1, 1, 2, 2),)),)) for name in names]
        return held(write_yolo(images, classes=("é: a", "1"), losses=Losses())).files["data.yaml"]

    assert (
        written("a.jpg").decode() == "train: images\nval: images\nnames:\n  0: 'é: a'\n  1: '1'\n  2: 'no'\n"
    )
    assert written("train/a.jpg", "valid/b.jpg").startswith(b"train: images/train\nval: images/valid\n")
    assert written("train/a.jpg", "other/b.jpg").startswith(b"train: images\nval: images\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2 0.5 0.5 0.5 0.5", r"'2' is no class; the 2 of held/data\.yaml are 0 to 1"),
        ("-1 0.5 0.5 0.5 0.5", "'-1' is no class"),
        ("cat 0.5 0.5 0.5 0.5", "'cat' is no class"),
        ("0 0.5 0.5 0.5", "'0 0.5 0.5 0.5' is not 'class cx cy w h'"),
        ("0 320 240 64 48", "320 is not between 0 and 1. Coordinates are parts"),
        ("0 nan 0.5 0.5 0.5", "'nan' is 'nan'; it should be a finite number"),
        ("0 0.5 0.5 inf 0.5", "should be a finite number"),
        ("0 0.5 0.5 -0.5 0.5", "-0.5 is not between 0 and 1"),
        ("0 0.5 0.5 0 0.5", "without area.*'flat-boxes'"),
        ("0 0.5 0.5 0.5 0.5 0.5 0.5 0.5", "8 numbers are no box and no polygon"),
        ("0 0.5 0.5 0.5 0.5 1.5", "the score is 1.5"),
    ],
)
def test_damage_is_named(line: str, message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^held/labels/a\.txt, line 2: .*({message})"):
        one(f"1 0.5 0.5 0.5 0.5\n{line}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"names: [no, yes]", "'names' has False, which YAML reads as no text. Put the name in quotes"),
        (b"names: [cat, cat]", "the class 'cat' is there twice"),
        (b"names: cat", "'names' should be a list"),
        (b"nc: 3\nnames: [cat]", "'nc' is 3, but there are 1 names"),
        (b"names: [cat", "is no YAML"),
        (b"names: [[x]]", "'names' has a value of the type list, which YAML reads as no text"),
        (b"a: &a [x]\nnames: [*a]", r"is no YAML: an alias \(\*\) is not read; .* line 2, column 9"),
        (BOMB, "is no YAML: an alias"),
        (b"nc: [1]\nnames: [cat]", "'nc' is a value of the type list, but there are 1 names"),
        (b"nc: 0x" + b"f" * 9999 + b"\nnames: [cat]", "'nc' is a value of the type int, but"),
        (b"nc: true\nnames: [cat]", "'nc' is True, but there are 1 names"),
        (b"names: [0x" + b"f" * 9999 + b"]", "'names' has a value of the type int, which"),
        (b"!!python/object/apply:os.system ['true']", "is no YAML"),
    ],
)
def test_damage_of_data_yaml_is_named(data: bytes, message: str) -> None:
    with pytest.raises(LabelFormatError, match=rf"^held/data\.yaml:? {message}|{message}"):
        read({"data.yaml": data, "images/a.jpg": b"", "labels/a.txt": b""})


def test_sparse_numbers_and_numbers_as_names() -> None:
    (image,) = read(
        {"data.yaml": b"names: {0: 7, 5: dog}", "images/a.jpg": b"", "labels/a.txt": b"5 0.5 0.5 1 1\n"}
    )
    assert image.answers[0].boxes[0].label == "dog"


def test_text_and_images_that_do_not_fit() -> None:
    with pytest.raises(LabelFormatError, match=r"labels/b\.txt has no image \(1 such\)"):
        read({"images/a.jpg": b"", "labels/b.txt": b""})
    with pytest.raises(LabelFormatError, match=r"'images/a\.jpg' and 'images/a\.png' share labels/a\.txt"):
        read({"images/a.jpg": b"", "images/a.png": b"", "labels/a.txt": b""})
    with pytest.raises(LabelFormatError, match=r"no data\.yaml"):
        list(
            read_yolo(
                Held({"labels/a.txt": b""}), size_of=lambda _: (1, 1), losses=Losses(), images=["a.jpg"]
            ).images
        )
    alone = Held({"data.yaml": DATA, "labels/a.txt": b""})
    with pytest.raises(LabelFormatError, match=r"the size of 'a\.jpg' is not known"):
        list(read_yolo(alone, size_of=lambda _: None, losses=Losses(), images=["a.jpg"]).images)
    same = [LabelledImage(name, 9, 9, (Answer(),)) for name in ("a.jpg", "a.png")]
    with pytest.raises(
        LabelFormatError, match=r"'a\.jpg' and 'a\.png' would have the same text file, a\.txt"
    ):
        list(write_yolo(same, classes=(), losses=Losses()))

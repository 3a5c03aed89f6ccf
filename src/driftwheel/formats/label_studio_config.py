"""The labelling configuration of a Label Studio project: which tags it has, and which classes each offers.

Source: the Label Studio documentation, tags ``Image``, ``Choices`` and ``RectangleLabels``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from driftwheel.errors import LabelFormatError
from driftwheel.formats.label_studio_result import TagNames
from driftwheel.formats.xml_stream import Element, escaped, whole_elements

__all__ = ["LabelConfig", "read_label_config", "write_label_config"]


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """What a project asks of an image.

    Attributes
    ----------
    tags
        Names of the tags; those of choices and boxes are empty where the project has none.
    image_key
        Which part of a task's ``data`` is the image.
    choices, boxes
        Class → how a result names it: the same, or its alias.
    several
        Whether more than one choice may be made.
    """

    tags: TagNames
    image_key: str
    choices: Mapping[str, str]
    boxes: Mapping[str, str]
    several: bool = False


def read_label_config(text: str, called: str = "the labelling configuration") -> LabelConfig:
    """Return what a configuration says of its first image, its first choices and its first boxes.

    Raises
    ------
    LabelFormatError
        When it is no XML, or has no image, or neither choices nor boxes for it.

    Examples
    --------
    >>> config = read_label_config(
    ...     '<View><Image name="image" value="$image"/><Choices name="kind" toName="image">'
    ...     '<Choice value="cat"/></Choices></View>')
    >>> config.tags.choices, config.image_key, dict(config.choices)
    ('kind', 'image', {'cat': 'cat'})
    """
    (root,) = whole_elements(io.BytesIO(text.encode("utf-8", "replace")), "View", ["View"], called)
    elements = list(_all(root))
    image = next((one for one in elements if one.tag == "Image"), None)
    if image is None or not image.attributes.get("name"):
        raise LabelFormatError(f"{called} has no <Image> with a name.")
    to = image.attributes["name"]

    def first(tag: str) -> Element | None:
        of_image = (
            one
            for one in elements
            if one.tag == tag
            and one.attributes.get("toName") == to
            and one.attributes.get("perRegion") != "true"
        )
        return next(of_image, None)

    choices, boxes = first("Choices"), first("RectangleLabels")
    if choices is None and boxes is None:
        raise LabelFormatError(f"{called} has neither <Choices> nor <RectangleLabels> for its image.")
    names = TagNames(
        "" if choices is None else choices.attributes.get("name", ""),
        "" if boxes is None else boxes.attributes.get("name", ""),
        to,
    )
    several = choices is not None and choices.attributes.get("choice") == "multiple"
    key = image.attributes.get("value", "$image").removeprefix("$")
    return LabelConfig(names, key, _offered(choices, "Choice"), _offered(boxes, "Label"), several)


def write_label_config(
    *,
    choices: Sequence[str] = (),
    boxes: Sequence[str] = (),
    several: bool = False,
    tags: TagNames | None = None,
) -> str:
    """Return the configuration of a project that takes what `write_label_studio` writes.

    Examples
    --------
    >>> print(write_label_config(boxes=["car"]))
    <View>
      <Image name="image" value="$image"/>
      <RectangleLabels name="label" toName="image">
        <Label value="car"/>
      </RectangleLabels>
    </View>
    """
    tags = tags or TagNames()
    image = escaped(tags.image)
    lines = ["<View>", f'  <Image name="{image}" value="${image}"/>']
    if choices:
        how = ' choice="multiple"' if several else ""
        lines.append(f'  <Choices name="{escaped(tags.choices)}" toName="{image}"{how}>')
        lines += [f'    <Choice value="{escaped(label)}"/>' for label in choices] + ["  </Choices>"]
    if boxes:
        lines.append(f'  <RectangleLabels name="{escaped(tags.boxes)}" toName="{image}">')
        lines += [f'    <Label value="{escaped(label)}"/>' for label in boxes] + ["  </RectangleLabels>"]
    return "\n".join([*lines, "</View>"])


def _all(element: Element) -> list[Element]:
    return [element, *(below for child in element.children for below in _all(child))]


def _offered(element: Element | None, tag: str) -> dict[str, str]:
    inside = [] if element is None else [one for one in _all(element) if one.tag == tag]
    return {
        value: one.attributes.get("alias") or value
        for one in inside
        if (value := one.attributes.get("value", ""))
    }

"""A Parquet file with a column of images."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from driftwheel.errors import MissingExtraError, SourceError
from driftwheel.records import Image, Unreadable
from driftwheel.sources.listing import Found, Listing, Wanted
from driftwheel.sources.local_file import read_local_file
from driftwheel.sources.temporary_copy import TemporaryCopy

__all__ = ["list_parquet"]

_USUAL = ("image", "img", "picture", "photo", "image_bytes", "bytes", "content", "data", "jpg", "png")
_NAMES = ("file_name", "filename", "image_path", "path", "name", "key", "id")
_ROWS_AT_ONCE = 8


def list_parquet(file: Path | IO[bytes], describe: str) -> Listing:
    """Return the images in a column of a Parquet file.

    The column holds encoded files: as binary, or as a struct with ``bytes`` and ``path``, as Hugging Face
    datasets do (where ``bytes`` is missing, the path is opened, from the folder of the Parquet file). Of
    several such columns, the one with a usual name, ``image`` first. An image's name is its ``path``, or else
    what a column of text says that is called ``file_name``, ``path``, ``name``, ``key``, ``id`` or alike, if
    that tells all rows apart; otherwise the number of the row.

    Rows are read a few at a time. When their names are not in order, they go through a temporary file.

    Raises
    ------
    MissingExtraError
        Without pyarrow.
    SourceError
        When the file is damaged, or has no such column, or several with none of a usual name.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("Reading a Parquet file", "parquet") from None

    def opened() -> Any:
        if not isinstance(file, Path):
            file.seek(0)
        where = file if isinstance(file, Path) else pa.PythonFile(file)
        return parquet.ParquetFile(where, pre_buffer=False, buffer_size=1 << 20)

    try:
        with opened() as table:
            column = _image_column(table.schema_arrow, describe)
            names = _row_names(table, column)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"{describe} cannot be opened: {error}. It is damaged, or no Parquet file."
        ) from None
    folder = file.parent if isinstance(file, Path) else None

    def rows(wanted: Wanted) -> Iterator[Found]:
        with opened() as table:
            row = 0
            try:
                for batch in table.iter_batches(_ROWS_AT_ONCE, columns=[column]):
                    for value in batch.column(0):
                        if wanted(names[row]):
                            yield _image(names[row], value.as_py(), folder)
                        row += 1
            except (pa.ArrowException, OSError):
                yield from (
                    Unreadable(name, "corrupt in its Parquet file") for name in names[row:] if wanted(name)
                )

    in_order = all(before <= after for before, after in pairwise(names))
    return Listing(describe, len(names), 0, rows if in_order else lambda wanted: _sorted(rows(wanted)))


def _image_column(schema: Any, describe: str) -> str:
    import pyarrow as pa

    def holds_files(kind: Any) -> bool:
        if pa.types.is_struct(kind):
            return kind.get_field_index("bytes") >= 0 and holds_files(kind.field("bytes").type)
        return bool(
            pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
        )

    able: list[str] = [field.name for field in schema if holds_files(field.type)]
    for name in _USUAL:
        found = [column for column in able if column.lower() == name]
        if found:
            return found[0]
    if len(able) == 1:
        return able[0]
    if able:
        several = ", ".join(able)
        raise SourceError(
            f"{describe} has several columns of bytes ({several}). Name that of images 'image'."
        )
    columns = ", ".join(schema.names) or "none"
    raise SourceError(
        f"{describe} has no column of images, that is of encoded files as binary or as struct(bytes, path). "
        f"Its columns: {columns}."
    )


def _row_names(table: Any, column: str) -> list[str]:
    """Return one name a row, all different."""
    import pyarrow as pa

    schema, rows = table.schema_arrow, table.metadata.num_rows
    kind = schema.field(column).type
    candidates = [name for name in _NAMES if name in schema.names and _is_text(schema.field(name).type)]
    if pa.types.is_struct(kind) and kind.get_field_index("path") >= 0 and _is_text(kind.field("path").type):
        candidates.insert(0, f"{column}.path")
    for candidate in candidates:
        values = table.read(columns=[candidate]).column(0).combine_chunks()
        texts = values.field("path") if "." in candidate and pa.types.is_struct(values.type) else values
        names = [text.replace("\\", "/") if text else "" for text in texts.to_pylist()]
        if all(names) and len(set(names)) == rows:
            return names
    digits = max(6, len(str(max(rows - 1, 0))))
    return [f"{row:0{digits}d}" for row in range(rows)]


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _image(name: str, value: Any, folder: Path | None) -> Found:
    data = value.get("bytes") if isinstance(value, dict) else value
    if data:
        return Image(name, data)
    path = value.get("path") if isinstance(value, dict) else None
    if path and folder is not None:
        return read_local_file(name, folder / path) or Unreadable(name, "not an image")
    return Unreadable(name, "empty")


def _sorted(items: Iterator[Found]) -> Iterator[Found]:
    """Yield items by name, keeping their bytes in a temporary file meanwhile."""
    copy = TemporaryCopy()
    kept: list[tuple[str, int, int, str]] = []
    for item in items:
        if isinstance(item, Image) and isinstance(item.data, bytes):
            kept.append((item.name, copy.append(item.data), len(item.data), ""))
        elif isinstance(item, Unreadable):
            kept.append((item.image, 0, 0, item.reason))
    for name, start, size, reason in sorted(kept):
        yield Unreadable(name, reason) if reason else Image(name, copy.read_at(start, size))

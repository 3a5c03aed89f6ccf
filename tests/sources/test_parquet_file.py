import sys
import tracemalloc

import numpy as np
import pytest

from driftwheel.errors import MissingExtraError, SourceError
from driftwheel.records import Unreadable
from driftwheel.sources import open_source

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def write(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_a_binary_column_is_named_by_row(tmp_path, names, jpeg):
    data = [jpeg(number) for number in range(12)]
    source = open_source(write(tmp_path / "a.parquet", {"label": list(range(12)), "image": data}))
    assert source.count == 12
    assert names(source) == [f"{row:06d}" for row in range(12)]
    assert [item.data for item in source] == data


@pytest.mark.parametrize("size", ["binary", "large_binary"])
def test_structs_as_hugging_face_datasets_have_them(tmp_path, names, jpeg, size):
    kind = pa.struct([("bytes", getattr(pa, size)()), ("path", pa.string())])
    (tmp_path / "beside.jpg").write_bytes(jpeg(7))
    rows = [
        {"bytes": jpeg(2), "path": "c.jpg"},
        {"bytes": jpeg(1), "path": "a.jpg"},
        {"bytes": None, "path": "beside.jpg"},
        {"bytes": None, "path": "lost.jpg"},
    ]
    path = write(tmp_path / "a.parquet", {"img": pa.array(rows, kind)}, row_group_size=2)
    source = open_source(path)
    assert names(source) == ["a.jpg", "beside.jpg", "c.jpg", "lost.jpg"]
    assert [item.data for item in list(source)[:3]] == [jpeg(1), jpeg(7), jpeg(2)]
    assert list(source)[3] == Unreadable("lost.jpg", "no such file")
    assert names(source.only({"c.jpg"})) == ["c.jpg"]


def test_paths_that_do_not_tell_rows_apart_are_not_names(tmp_path, names, jpeg):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    rows = [{"bytes": jpeg(1), "path": "same.jpg"}, {"bytes": jpeg(2), "path": "same.jpg"}, None]
    source = open_source(write(tmp_path / "a.parquet", {"image": pa.array(rows, kind)}))
    assert names(source) == ["000000", "000001", "000002"]
    assert list(source)[2] == Unreadable("000002", "empty")


def test_a_column_of_names(tmp_path, names, jpeg):
    columns = {"file_name": ["b.jpg", "a.jpg"], "image": [jpeg(1), jpeg(2)]}
    source = open_source(write(tmp_path / "a.parquet", columns))
    assert [(item.name, item.data) for item in source] == [("a.jpg", jpeg(2)), ("b.jpg", jpeg(1))]


def test_which_column(tmp_path, jpeg):
    one = {"thumb": [jpeg(1)], "image": [jpeg(2)], "label": ["x"]}
    assert next(iter(open_source(write(tmp_path / "a.parquet", one)))).data == jpeg(2)
    only = {"scan": [jpeg(3)], "label": ["x"]}
    assert next(iter(open_source(write(tmp_path / "b.parquet", only)))).data == jpeg(3)
    with pytest.raises(SourceError, match=r"several columns of bytes \(left, right\)"):
        open_source(write(tmp_path / "c.parquet", {"left": [jpeg(1)], "right": [jpeg(2)]}))
    with pytest.raises(SourceError, match=r"has no column of images.* Its columns: label, n"):
        open_source(write(tmp_path / "d.parquet", {"label": ["x"], "n": [1]}))


def test_damage(tmp_path, jpeg):
    path = write(tmp_path / "a.parquet", {"image": [jpeg(1)]})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match="damaged, or no Parquet file"):
        open_source(path)
    noise = np.random.default_rng(0).integers(0, 256, (8, 5000), dtype=np.uint8)
    path = write(tmp_path / "b.parquet", {"image": [row.tobytes() for row in noise]}, row_group_size=4,
                 compression="zstd")  # fmt: skip
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    path.write_bytes(data)
    reasons = [item.reason for item in open_source(path) if isinstance(item, Unreadable)]
    assert "corrupt in its Parquet file" in reasons or len(reasons) == 0
    assert len(list(open_source(path))) == 8


def test_without_pyarrow(tmp_path, monkeypatch):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'driftwheel\[parquet\]'"):
        open_source(tmp_path / "a.parquet")


@pytest.mark.parametrize("in_order", [True, False])
def test_memory_does_not_grow_with_the_file(tmp_path, jpeg, in_order):
    def peak(count):
        rows = [
            {"bytes": jpeg(n) + bytes(100_000), "path": f"{n if in_order else -n % 997:05d}"}
            for n in range(count)
        ]
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        path = write(tmp_path / f"{count}.parquet", {"image": pa.array(rows, kind)}, row_group_size=10)
        del rows
        before = pa.total_allocated_bytes()
        most = 0
        tracemalloc.start()
        try:
            for item in open_source(path):
                assert len(item.data) > 100_000
                most = max(most, pa.total_allocated_bytes() - before)
            return most + tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(100) < peak(20) + 2_000_000, "80 more images take 8 MB"

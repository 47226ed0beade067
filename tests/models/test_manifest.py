"""Manifests: three formats give the same rows, and a broken one names its line."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from models.manifest import ManifestError, Row, read_rows

ROWS: list[Row] = [
    {"image": "a.png", "report": "A mass, seen.", "patient_id": "p1", "labels": ["mass"]},
    {"image": "b.png", "boxes": {"heart": [1, 2, 3, 4]}},
]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def parquet(folder: Path, rows: list[Row]) -> Path:
    path = folder / "pairs.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def fault(path: Path) -> str:
    """Read to the fault, and return what it says behind the file's name."""
    with pytest.raises(ManifestError) as caught:
        list(read_rows(path))
    message = str(caught.value)
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


CSV = (
    "image,report,patient_id,labels,boxes\n"
    'a.png,"A mass, seen.",p1,"[""mass""]",\n'
    'b.png,,,,"{""heart"": [1, 2, 3, 4]}"\n'
)
LINES = "\n\n".join(json.dumps(row) for row in ROWS)


@pytest.mark.parametrize(("name", "content"), [("x.jsonl", LINES), ("x.CSV", CSV)])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_text_formats_give_the_same_rows(
    tmp_path: Path, name: str, content: str, mark: str
) -> None:
    assert list(read_rows(written(tmp_path, name, mark + content))) == ROWS


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    rows = [row | {"boxes": json.dumps(row.get("boxes"))} for row in ROWS]
    assert list(read_rows(parquet(tmp_path, rows))) == ROWS


def test_what_is_missing_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "x.jsonl", '{"image": "a.png", "report": "", "split": null, "n": 0}')
    assert list(read_rows(path)) == [{"image": "a.png", "n": 0}]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"image": ', "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"age": NaN}', "NaN is no finite number"),
        ('{"age": -Infinity}', "-Infinity is no finite number"),
        ('{"age": 1e999}', "1e999 is no finite number"),
        ('{"ages": [{"one": -1e999}]}', "-1e999 is no finite number"),
        ('{"age": ' + 5000 * "9" + "}", "not JSON"),
        (100_000 * "[", "not JSON (nested too deeply)"),
        ('{"report": "a \\ud800 mass"}', "half of a surrogate pair"),
        ('{"\\udc00": 1}', "half of a surrogate pair"),
        *((f'{{"{name}": ["a"]}}', f"{name}: takes one value") for name in ("image", "report")),
        *((f'{{"{name}": {{}}}}', f"{name}: takes one") for name in ("study_id", "patient_id")),
        ('{"split": []}', "split: takes one value"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    message = fault(written(tmp_path, "x.jsonl", f'{{"image": "a.png"}}\n{line}\n'))
    assert message.startswith(":2: ")
    assert reason in message
    assert "\n" not in message


def test_a_whole_surrogate_pair_is_a_character(tmp_path: Path) -> None:
    path = written(tmp_path, "x.jsonl", '{"report": "\\ud83e\\ude7b"}')
    assert list(read_rows(path)) == [{"report": "\U0001fa7b"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ":1: the first line must name the columns"),
        ("image,report,image\na,b,c\n", ":1: the first line must name the columns, each once"),
        ("image,report\na.png,b\nc.png\n", ":3: 1 cells, but 2 columns"),
        ("image,report\na.png,b,c\n", ":2: 3 cells, but 2 columns"),
        ('image,report\na.png,"b\n', ":2: unexpected end of data"),
        ("image,labels\na.png,mass\n", ":2: labels: not JSON"),
        ('image,boxes\na.png,"{""heart"": [1e999]}"\n', ":2: boxes: not JSON (1e999"),
    ],
)
def test_a_broken_table_is_named_by_its_line(tmp_path: Path, content: str, message: str) -> None:
    assert fault(written(tmp_path, "x.csv", content)).startswith(message)


def test_a_parquet_row_is_named_by_its_number(tmp_path: Path) -> None:
    rows: list[Row] = [{"report": None}, {"report": ["one", "two"]}]
    assert fault(parquet(tmp_path, rows)).startswith(": row 2: report: takes one value")


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    assert "Parquet" in fault(written(tmp_path, "x.parquet", "PAR1 but not really"))


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv"])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, name: str) -> None:
    assert "not UTF-8" in fault(written(tmp_path, name, b"image,report\n\xff\xfe,b\n"))


def test_a_missing_file_and_a_wrong_suffix_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such file"):
        read_rows(tmp_path / "none.jsonl")
    with pytest.raises(ManifestError, match=r"ends in one of \.jsonl, \.csv, \.parquet"):
        read_rows(written(tmp_path, "pairs.xlsx", ""))

"""Tables of data sets: plain and gzipped alike, mistakes by file and line."""

import gzip
from pathlib import Path

import pytest

from models.manifest import ManifestError
from training.data.prepare.tables import read_table


def test_a_gzipped_table_reads_as_the_plain_one_does(tmp_path: Path) -> None:
    text = 'id,note\n1,"a, b"\n2,\n'
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain = list(read_table(tmp_path / "a.csv", columns=("id",)))
    assert plain == [{"id": "1", "note": "a, b"}, {"id": "2", "note": ""}]
    assert list(read_table(tmp_path / "a.csv.gz", columns=("id",))) == plain


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"id\n1\n", "a.csv: has no column note"),
        ("a.csv", b"id,note\n1,b,c\n", "a.csv:2: more cells than columns"),
        ("a.csv", b"id,note\n1,\xff\n", "a.csv: not UTF-8 text"),
        ("a.csv.gz", b"id,note\n", "a.csv.gz: Not a gzipped file"),
        (
            "a.csv.gz",
            gzip.compress(b"id,note\n1,b\n", mtime=0)[:-9],
            "a.csv.gz: Compressed file ended",
        ),
    ],
)
def test_a_mistake_names_the_file(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ManifestError, match=message):
        list(read_table(tmp_path / name, columns=("id", "note")))

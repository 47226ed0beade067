"""Which reports go into an index, under which names, and what is refused before any work."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.checkpoint import open_checkpoint
from models.manifest import ManifestError
from service.engine.onnx_engine import OnnxEngine
from service.index.protocol import IndexFault
from service.ingest import ingest, main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(exported: Path) -> OnnxEngine:
    return OnnxEngine(open_checkpoint(exported))


ROWS = [
    {"image": "a.png", "report": "Large effusion.", "study_id": "s", "split": "train", "age": 60},
    {"image": "b.png", "report": "Large effusion.", "study_id": "s", "split": "train"},
    {"image": "c.png", "report": "No mass.", "study_id": "s", "split": "test"},
    {"image": "d.png", "report": "The heart.", "study_id": "s-2", "boxes": {}},
    {"image": "f.png", "report": "..."},
    {"image": "g.png"},
]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS))
    return path


def test_each_report_is_stored_once_under_a_name_of_its_own(
    manifest: Path, tmp_path: Path, engine: OnnxEngine
) -> None:
    done = ingest(manifest, tmp_path / "new", engine)
    assert (done.repeated, done.without_words) == (1, 2)
    assert [report.report_id for report in done.reports] == ["s", "s-2", "s-2-2"]
    assert done.reports[0].metadata == {"study_id": "s", "split": "train", "age": 60}
    assert "boxes" not in done.reports[2].metadata


def test_one_split_can_be_ingested(manifest: Path, tmp_path: Path, engine: OnnxEngine) -> None:
    done = ingest(manifest, tmp_path / "new", engine, split="test")
    assert [report.text for report in done.reports] == ["No mass."]
    with pytest.raises(ManifestError, match="'none'"):
        ingest(manifest, tmp_path / "empty", engine, split="none")
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize("target", ["precious", "precious/note.txt", "precious/note.txt/index"])
def test_a_target_that_cannot_be_written_is_refused_before_embedding(
    manifest: Path, tmp_path: Path, target: str
) -> None:
    class Idle:
        def __getattr__(self, name: str) -> Any:  # Any: never returns
            raise AssertionError("asked to embed")

    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/note.txt").write_text("data")
    with pytest.raises(IndexFault, match=target):
        ingest(manifest, tmp_path / target, Idle())
    assert [path.name for path in tmp_path.glob("**/*.txt")] == ["note.txt"]


def test_the_folder_one_stands_in_can_become_the_index(
    manifest: Path, tmp_path: Path, engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    ingest(manifest, Path("."), engine)
    assert (tmp_path / "here/manifest.json").is_file()


def test_ray_is_not_built_and_says_so(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"):
        main([str(manifest), "--checkpoint", "none", "--ray", "auto"])
    assert "not built yet" in capsys.readouterr().err

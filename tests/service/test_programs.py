"""The programs of the service: what they need, and how they refuse."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.aga import save_checkpoint
from models.checkpoint import CheckpointError, open_checkpoint
from service.index.faiss_index import IndexFault, Report, open_index, write_index
from tests.helpers import tiny_checkpoint, tiny_model

VECTORS = np.eye(4, dtype=np.float32)
REPORTS = [Report(str(number), f"report {number}", {"n": number}) for number in range(4)]


def written(folder: Path) -> Path:
    write_index(folder, VECTORS, REPORTS, identity="a" * 64, precision="fp32")
    return folder


def test_search_is_exact_and_honors_filters(tmp_path: Path) -> None:
    index = open_index(written(tmp_path / "index"), identity="a" * 64, precision="fp32")
    query = np.array([0.1, 0.5, 0.3, 0.2], dtype=np.float32)
    assert [m.report.report_id for m in index.search(query, k=2, filters={})] == ["1", "2"]
    found = index.search(query, k=3, filters={"n": {"min": 2}})
    assert [match.report.report_id for match in found] == ["2", "3"]
    assert index.search(query, k=3, filters={"n": [7]}) == []


@pytest.mark.parametrize("model", [("b" * 64, "fp32"), ("a" * 64, "int8")])
def test_an_index_of_another_model_is_refused(tmp_path: Path, model: tuple[str, str]) -> None:
    folder = written(tmp_path / "index")
    with pytest.raises(IndexFault, match="made by model"):
        open_index(folder, identity=model[0], precision=model[1])


@pytest.mark.parametrize("name", ["vectors.faiss", "reports.jsonl"])
def test_a_changed_byte_is_refused_by_name(tmp_path: Path, name: str) -> None:
    folder = written(tmp_path / "index")
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(IndexFault, match=name):
        open_index(folder, identity="a" * 64, precision="fp32")


def test_a_folder_that_is_no_index_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("data")
    with pytest.raises(IndexFault, match="nothing was written"):
        written(tmp_path)
    assert (tmp_path / "precious.txt").read_text() == "data"


def test_an_index_takes_the_place_of_an_index(tmp_path: Path) -> None:
    written(written(tmp_path / "index"))
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_an_index_never_takes_the_place_of_a_checkpoint(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "checkpoint", export=False)
    with pytest.raises(IndexFault, match="checkpoint: exists and is not an index"):
        written(checkpoint)
    open_checkpoint(checkpoint)


def test_a_checkpoint_never_takes_the_place_of_an_index(tmp_path: Path) -> None:
    folder = written(tmp_path / "index")
    with pytest.raises(CheckpointError, match="index: exists and is not a checkpoint"):
        save_checkpoint(tiny_model(), folder)
    open_index(folder, identity="a" * 64, precision="fp32")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--checkpoint", "/nowhere"], "/nowhere"),
        (["--host", "0.0.0.0"], "AGA_ALLOW_REMOTE"),
        (["--port", "0"], "AGA_PORT"),
        (["--settings", "/nowhere.yaml"], "/nowhere.yaml"),
    ],
)
def test_a_server_that_cannot_start_says_why_in_one_line(flags: list[str], named: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service", *flags], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert named in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_the_server_needs_no_torch() -> None:
    code = (
        "import sys, service.app, service.ingest, service.engine.onnx_engine as e\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

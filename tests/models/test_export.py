"""The ONNX graphs compute what the network computes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.aga import load_checkpoint
from models.checkpoint import CheckpointError, open_checkpoint
from models.export import TOLERANCE, compare, main
from tests.helpers import tiny_checkpoint

pytestmark = pytest.mark.slow


def test_graphs_match_the_network_on_ragged_batches(exported: Path) -> None:
    worst = compare(load_checkpoint(exported), exported / "onnx/fp32")
    assert {name.split(".")[0] for name in worst} == {"image", "text", "groups"}
    assert max(worst.values()) <= TOLERANCE


@pytest.mark.slow
def test_graphs_of_the_recipe_aga_match_the_network_too(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "checkpoint", "aga")
    assert max(compare(load_checkpoint(path), path / "onnx/fp32").values()) <= TOLERANCE


def test_the_checkpoint_keeps_the_parity_report(exported: Path) -> None:
    parity = json.loads((exported / "onnx/fp32/parity.json").read_text())
    assert parity["groups.tgv_weights"] <= TOLERANCE


def test_graphs_of_other_weights_are_refused(exported: Path) -> None:
    model = load_checkpoint(exported)
    with torch.no_grad():
        model.image_encoder.heads.patch_head.weight.mul_(1.5)
    with pytest.raises(CheckpointError, match="differ"):
        compare(model, exported / "onnx/fp32")


def test_a_folder_that_cannot_be_written_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny_checkpoint(tmp_path / "checkpoint", export=False)
    (path / "onnx").write_text("in the way")
    with pytest.raises(SystemExit, match="1"):
        main([str(path)])
    assert capsys.readouterr().err.startswith(f"error: {path}/onnx/fp32: cannot be written")


def test_graphs_that_an_interrupted_export_left_are_made_anew(
    exported: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(exported, tmp_path / "checkpoint"))
    (path / "onnx/fp32/image.onnx").write_bytes(b"newer than the manifest")
    (path / "onnx/fp32/text.onnx").unlink()
    subprocess.run([sys.executable, "-m", "models.export", path], check=True)
    assert set(open_checkpoint(path).files) == set(open_checkpoint(exported).files)
    assert [folder.name for folder in (path / "onnx").iterdir()] == ["fp32"]


@pytest.mark.parametrize("precision", [["int8"], ["fp32", "int8"]])
def test_int8_is_not_built_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], precision: list[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        main([str(tmp_path), "--precision", *precision])
    assert capsys.readouterr().err == (
        "error: --precision int8: not built yet; leave it out to export fp32\n"
    )

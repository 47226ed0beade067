"""The ONNX graphs compute what the network computes."""

import json
from pathlib import Path

import pytest
import torch

from models.aga import load_checkpoint
from models.checkpoint import CheckpointError
from models.export import TOLERANCE, compare

pytestmark = pytest.mark.slow


def test_graphs_match_the_network_on_ragged_batches(exported: Path) -> None:
    worst = compare(load_checkpoint(exported), exported / "onnx/fp32")
    assert {name.split(".")[0] for name in worst} == {"image", "text", "groups"}
    assert max(worst.values()) <= TOLERANCE


def test_the_checkpoint_keeps_the_parity_report(exported: Path) -> None:
    parity = json.loads((exported / "onnx/fp32/parity.json").read_text())
    assert parity["groups.tgv_weights"] <= TOLERANCE


def test_graphs_of_other_weights_are_refused(exported: Path) -> None:
    model = load_checkpoint(exported)
    with torch.no_grad():
        model.image_encoder.patch_head.weight.mul_(1.5)
    with pytest.raises(CheckpointError, match="differ"):
        compare(model, exported / "onnx/fp32")

"""What holds for the objective of every method."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.aga import load_checkpoint
from models.types import Alignment
from tests.helpers import TINY
from tests.training.tensors import alignment_of, doubles, mask_of, same
from training.config import RunConfig, read_config, recipe_path
from training.data.batches import Collate, PairBatch, PairDataset
from training.data.manifest import read_pairs
from training.data.phantom import write_phantom
from training.encoders import build_model
from training.objectives import METHODS
from training.objectives.common import Losses
from training.pretrain import pretrain
from training.step import Trainer, make_trainer

RECIPES = {method: "phantom" if method == "aga" else method for method in METHODS}


def losses_of(method: str, found: Alignment, *reports: int) -> Losses:
    """Return a method's losses with every part switched on."""
    torch.manual_seed(0)
    settings = {"method": method} | ({"weights": {"across": 1.0}} if method == "aga" else {})
    config = RunConfig.model_validate({"objective": settings}).objective
    dim = found.images.pooled.shape[-1]
    objective = config.build(dim).to(found.images.pooled)
    losses: Losses = objective(found, excluded=same(*reports))
    return losses


@pytest.mark.parametrize("method", METHODS)
def test_padding_changes_nothing(method: str) -> None:
    words, patches = doubles(2, 4, 4), doubles(2, 6, 4, seed=1)
    padded = alignment_of(words, patches, mask_of(3, 2, length=4), mask_of(4, 5, length=6))
    trimmed = alignment_of(
        words[:, :3], patches[:, :5], mask_of(3, 2, length=3), mask_of(4, 5, length=5)
    )
    torch.testing.assert_close(losses_of(method, padded, 0, 1), losses_of(method, trimmed, 0, 1))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("words", [0, 1, 2])
@pytest.mark.parametrize("patches", [0, 1, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite(method: str, words: int, patches: int, dtype: torch.dtype) -> None:
    t = doubles(2, 2, 4).to(dtype).requires_grad_()
    v = doubles(2, 5, 4, seed=1).to(dtype).requires_grad_()
    found = alignment_of(t, v, mask_of(words, 2, length=2), mask_of(patches, 5, length=5))
    losses_of(method, found, 0, 1)["total"].backward()
    assert gradient(t).isfinite().all()
    assert gradient(v).isfinite().all()


def gradient(leaf: Tensor) -> Tensor:
    assert leaf.grad is not None
    return leaf.grad


@pytest.mark.parametrize("method", METHODS)
def test_an_identical_report_is_no_negative(method: str) -> None:
    found = alignment_of(
        doubles(2, 2, 4), doubles(2, 3, 4), mask_of(2, 2, length=2), mask_of(3, 3, length=3)
    )
    losses = losses_of(method, found, 0, 0)
    over_the_batch = {"global_loss", "across", "local"} & losses.keys()
    assert all(float(losses[name].detach()) == 0.0 for name in over_the_batch)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantom") / "pairs.jsonl"
    return write_phantom(out, kind="chest", n=48, seed=3, size=64)


def trainer_and_batches(method: str, manifest: Path) -> tuple[Trainer, list[PairBatch]]:
    """Build a method's recipe, made small, and two batches of four pairs."""
    config = read_config(recipe_path(RECIPES[method]), TINY)
    pairs = read_pairs(manifest, splits=("train",))
    torch.manual_seed(config.seed)
    model = build_model(config, [pair.report for pair in pairs])
    trainer = make_trainer(model, config, torch.device("cpu"))
    data, collate = (
        PairDataset(pairs, config.model.preprocessing),
        Collate(model.tokenizer, config.data.negatives),
    )
    batches = [collate([data[4 * n + i] for i in range(4)]) for n in range(2)]
    trainer.initialize_gates(batches[0])
    return trainer, batches


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_two_steps_move_network_gates_and_what_the_objective_learns(
    method: str, manifest: Path
) -> None:
    trainer, batches = trainer_and_batches(method, manifest)
    head = trainer.model.image_encoder.heads.pooled_head.weight.detach().clone()
    threshold = trainer.model.language_gate.threshold.clone()
    own = [weight.detach().clone() for weight in trainer.objective.parameters()]
    trainer.train()
    for batch in batches:
        trainer.step(batch)
    assert not torch.equal(trainer.model.image_encoder.heads.pooled_head.weight, head)
    assert not torch.equal(trainer.model.language_gate.threshold, threshold)
    moved = zip(own, trainer.objective.parameters(), strict=True)
    assert all(not torch.equal(before, after) for before, after in moved)


@pytest.mark.slow
def test_every_method_starts_from_the_same_network(manifest: Path) -> None:
    starts = [trainer_and_batches(method, manifest)[0].model.state_dict() for method in METHODS]
    for name, start in starts[0].items():
        assert all(torch.equal(start, other[name]) for other in starts[1:])


@pytest.mark.slow
def test_a_run_of_mgca_keeps_its_prototypes_out_of_the_checkpoint(
    manifest: Path, tmp_path: Path
) -> None:
    overrides = [*TINY, f"data.manifest={manifest}", f"out={tmp_path}"]
    checkpoint = pretrain(read_config(recipe_path("mgca"), overrides))
    assert load_checkpoint(checkpoint).language_gate.is_set  # a weight too many is an error
    assert read_config(checkpoint / "run/config.yaml").objective.method == "mgca"

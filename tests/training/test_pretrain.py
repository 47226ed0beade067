"""The pretraining program: its settings, its loop, its errors."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.aga import load_checkpoint
from tests.helpers import ROOT, TINY
from training.config import ConfigError, read_config, recipe_path
from training.data.batches import Collate, PairDataset
from training.data.manifest import read_pairs
from training.data.phantom import write_phantom
from training.encoders import build_model
from training.pretrain import main, pretrain
from training.step import Diverged, Trainer, make_trainer


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantom") / "pairs.jsonl"
    return write_phantom(out, kind="chest", n=96, seed=3, size=64)


def tiny_trainer(manifest: Path, *overrides: str) -> tuple[Trainer, PairDataset]:
    config = read_config(recipe_path("phantom"), [*TINY, *overrides])
    pairs = read_pairs(manifest, splits=("train",))
    model = build_model(config, [pair.report for pair in pairs])
    trainer = make_trainer(model, config, torch.device("cpu"))
    return trainer, PairDataset(pairs, config.model.preprocessing)


def test_a_run_ends_with_a_checkpoint_that_loads(manifest: Path, tmp_path: Path) -> None:
    config = read_config(
        recipe_path("phantom"), [*TINY, f"data.manifest={manifest}", f"out={tmp_path}"]
    )
    checkpoint = pretrain(config)
    assert load_checkpoint(checkpoint).language_gate.is_set
    lines = (tmp_path / "phantom/metrics.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert {event["event"] for event in events} == {"step", "validation"}


def test_a_run_of_the_recipe_aga_records_where_its_maps_lie(manifest: Path, tmp_path: Path) -> None:
    config = read_config(
        recipe_path("aga"), [*TINY, f"data.manifest={manifest}", f"out={tmp_path}"]
    )
    checkpoint = pretrain(config)
    measured = json.loads((checkpoint / "run/run.json").read_text())["validation"]
    assert 0.0 <= measured["pointing_game"]["value"] <= 1.0
    assert {"pointing_game_center_prior", "pointing_game/edema"} <= measured.keys()
    assert "| pointing_game | " in (checkpoint / "README.md").read_text()


def test_a_step_moves_weights_and_gates(manifest: Path) -> None:
    trainer, data = tiny_trainer(manifest)
    collate = Collate(trainer.model.tokenizer, trainer.config.data.negatives)
    trainer.initialize_gates(collate([data[i] for i in range(8)]))
    before = trainer.model.language_gate.threshold.clone()
    head = trainer.model.image_encoder.heads.patch_head.weight.detach().clone()
    trainer.step(collate([data[i] for i in range(8, 16)]))
    assert not torch.equal(trainer.model.language_gate.threshold, before)
    assert not torch.equal(trainer.model.image_encoder.heads.patch_head.weight, head)


def test_fixed_gates_stand_at_one_over_patches_and_pieces(manifest: Path) -> None:
    trainer, data = tiny_trainer(manifest, "model.gates.kind=fixed")
    batch = Collate(trainer.model.tokenizer, trainer.config.data.negatives)(
        [data[i] for i in range(8)]
    )
    trainer.initialize_gates(batch)
    trainer.step(batch)
    assert float(trainer.model.language_gate.threshold) == pytest.approx(1 / 16)
    assert float(trainer.model.vision_gate.threshold) == pytest.approx(1 / 97)


def test_a_gradient_that_is_no_number_is_named_and_moves_nothing(manifest: Path) -> None:
    trainer, data = tiny_trainer(manifest)
    weight = trainer.model.text_encoder.pooled_head.weight
    with torch.no_grad():
        weight.fill_(torch.inf)
    head = trainer.model.image_encoder.heads.patch_head.weight.detach().clone()
    with pytest.raises(Diverged, match=r"the gradient is nan.*optimization.learning_rate"):
        trainer.step(
            Collate(trainer.model.tokenizer, trainer.config.data.negatives)(
                [data[i] for i in range(4)]
            )
        )
    assert torch.equal(trainer.model.image_encoder.heads.patch_head.weight, head)


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        ((), {"global_loss", "iga_text", "iga_image", "bcga_text", "bcga_image", "total"}),
        (("objective.weights.bcga=0",), {"global_loss", "iga_text", "iga_image", "total"}),
        (("objective.weights.iga=0", "objective.weights.bcga=0"), {"global_loss", "total"}),
    ],
)
def test_an_ablation_computes_only_its_own_losses(
    manifest: Path, overrides: tuple[str, ...], parts: set[str]
) -> None:
    trainer, data = tiny_trainer(manifest, *overrides)
    batch = Collate(trainer.model.tokenizer, trainer.config.data.negatives)(
        [data[i] for i in range(4)]
    )
    trainer.initialize_gates(batch)
    _, losses = trainer.losses(batch)
    assert set(losses) == parts


def test_the_paper_recipe_holds_the_figures_of_section_4_2_1() -> None:
    config = read_config(recipe_path("paper"))
    assert config.optimization.epochs == 50
    assert config.optimization.batch_size == 48
    assert config.optimization.learning_rate == 5e-5
    assert config.model.gates.momentum == 0.999
    assert config.model.dim == 128
    assert config.model.preprocessing.patches == 361
    taus, weights = config.objective.temperatures, config.objective.weights
    assert (taus.global_, taus.iga, taus.bcga) == (0.3, 0.3, 0.1)
    assert (weights.global_, weights.iga, weights.bcga) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("optimisation.epochs=3", "optimisation"),
        ("optimization.epochs=none", "optimization.epochs"),
        ("model.preprocessing.size=100", "multiple of 16"),
        ("objective.weights.global_=-1", "objective.weights.global_"),
        ("model.temperature=0.7", r"model.temperature is 0.7, .*objective.temperatures.global_ is"),
    ],
)
def test_a_wrong_setting_is_named(override: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        read_config(recipe_path("phantom"), [override])


def test_zero_shot_follows_the_trained_temperature() -> None:
    config = read_config(recipe_path("phantom"), ["objective.temperatures.global_=0.2"])
    assert config.model.temperature == 0.2
    again = [f"model.temperature={config.model.temperature}", "objective.temperatures.global_=0.2"]
    assert read_config(recipe_path("phantom"), again) == config


def test_resuming_says_that_it_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pretrain", "--resume", "runs/run"])
    with pytest.raises(ConfigError, match="--resume is not built yet"):
        main()


def test_the_help_names_every_recipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pretrain", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert {"demo", "medpix", "paper", "phantom"} <= set(
        re.findall(r"\w+", capsys.readouterr().out)
    )


def test_a_list_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- seed\n- 3\n")
    with pytest.raises(ConfigError, match=r"list.yaml: .* not a list"):
        read_config(tmp_path / "list.yaml", ["seed=4"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
        (["data.manifest=/nowhere/pairs.jsonl"], "/nowhere/pairs.jsonl"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], named: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training.pretrain", "--config", "phantom", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert named in line
    assert list(tmp_path.iterdir()) == []

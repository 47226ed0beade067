"""Checkpoints: what is saved is what is loaded, and nothing broken is."""

import json
import shutil
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.aga import AGA, load_checkpoint, save_checkpoint
from models.checkpoint import CheckpointError, forget_broken, open_checkpoint, write_manifest
from tests.helpers import REPORTS, tiny_model

FILES = ("config.json", "model.safetensors", "tokenizer.json", "prompts/x.yaml")


@pytest.fixture(scope="module")
def model() -> AGA:
    return tiny_model()


@pytest.fixture(scope="module")
def saved(model: AGA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "checkpoint"
    save_checkpoint(model, path, extras={"prompts/x.yaml": "name: x"})
    return path


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def outputs_of(model: AGA) -> list[Tensor]:
    cut = model.tokenizer(REPORTS[:1])
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (1, 1, 64, 64), dtype=torch.uint8, generator=generator)
    arrays = (cut.pieces, cut.piece_mask, cut.piece_to_word, cut.word_mask)
    patch_mask = torch.from_numpy(np.ones((1, 16), dtype=bool))
    with torch.no_grad():
        found = model(pixels, patch_mask, *(torch.from_numpy(array) for array in arrays))
    return [found.images.pooled, found.reports.pooled, found.tgv.weights, found.cross_pgl]


def edit_config(path: Path, **changes: object) -> None:
    """Change the settings and make the manifest agree."""
    content = json.loads((path / "config.json").read_text())
    content["model"] |= changes
    (path / "config.json").write_text(json.dumps(content))
    write_manifest(path)


@pytest.mark.slow
def test_what_is_loaded_computes_the_same_bit_for_bit(model: AGA, saved: Path) -> None:
    pairs = zip(outputs_of(load_checkpoint(saved)), outputs_of(model), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in pairs)


def test_the_settings_come_back(model: AGA, saved: Path) -> None:
    assert open_checkpoint(saved).config == model.config


def test_a_loaded_network_is_in_evaluation_mode(saved: Path) -> None:
    assert not any(module.training for module in load_checkpoint(saved).modules())


def test_the_thresholds_are_read_without_the_network(saved: Path) -> None:
    thresholds = open_checkpoint(saved).thresholds()
    assert thresholds == pytest.approx({"language": 0.4, "vision": 0.4})


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_flipped_byte_is_refused_by_name(copy: Path, name: str, place: float) -> None:
    data = bytearray((copy / name).read_bytes())
    data[int(place * (len(data) - 1))] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{name}: does not match its hash"):
        load_checkpoint(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        open_checkpoint(copy)


@pytest.mark.parametrize("manifest", ["{", "[]", "{}", '{"files": {}}', '{"files": 3}'])
def test_a_broken_manifest_is_refused_by_name(copy: Path, manifest: str) -> None:
    (copy / "manifest.json").write_text(manifest)
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        open_checkpoint(copy)


def test_broken_and_missing_files_are_forgotten_where_they_are_made_anew(
    model: AGA, tmp_path: Path
) -> None:
    extras = {f"onnx/{name}": name for name in ("whole", "broken", "missing")}
    save_checkpoint(model, tmp_path / "made", extras=extras)
    (tmp_path / "made/onnx/broken").write_text("half")
    (tmp_path / "made/onnx/missing").unlink()
    forget_broken(tmp_path / "made", under="onnx/")
    assert set(open_checkpoint(tmp_path / "made").files) == {*FILES[:3], "onnx/whole"}


def test_a_broken_file_elsewhere_is_not_forgotten(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"broken")
    forget_broken(copy, under="onnx/")
    with pytest.raises(CheckpointError, match="safetensors: does not match its hash"):
        open_checkpoint(copy)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nowhere: no checkpoint there"):
        load_checkpoint(tmp_path / "nowhere")


def test_an_unknown_key_is_refused_by_name(copy: Path) -> None:
    edit_config(copy, surprise=1)
    with pytest.raises(CheckpointError, match=r"config\.json: surprise: "):
        open_checkpoint(copy)


def test_a_setting_out_of_range_is_refused_by_name(copy: Path) -> None:
    edit_config(copy, gates={"momentum": 2})
    with pytest.raises(CheckpointError, match=r"config\.json: gates\.momentum: "):
        open_checkpoint(copy)


@pytest.mark.parametrize("version", [2, 99])  # fused patches of 2 had other layers
def test_another_format_version_is_refused(copy: Path, version: int) -> None:
    content = json.loads((copy / "config.json").read_text()) | {"format_version": version}
    (copy / "config.json").write_text(json.dumps(content))
    write_manifest(copy)
    with pytest.raises(CheckpointError, match=f"format version {version}.*train it anew"):
        open_checkpoint(copy)


def test_weights_that_do_not_fit_are_refused(copy: Path) -> None:
    edit_config(copy, dim=8)
    with pytest.raises(CheckpointError, match="do not fit"):
        load_checkpoint(copy)


def test_a_file_that_is_not_there_is_named(saved: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds no image\.onnx"):
        open_checkpoint(saved).file("image.onnx")


def test_a_folder_that_is_no_checkpoint_is_left_as_it_is(model: AGA, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        save_checkpoint(model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("manifest", ["{", "[]", '{"files": {"vectors.faiss": "0"}}'])
def test_a_manifest_of_another_kind_is_no_leave_to_replace(
    model: AGA, tmp_path: Path, manifest: str
) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(CheckpointError, match="is not a checkpoint; nothing was written"):
        save_checkpoint(model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_place_that_cannot_be_written_is_named(model: AGA, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("data")
    with pytest.raises(CheckpointError, match="file/checkpoint: cannot be written"):
        save_checkpoint(model, tmp_path / "file/checkpoint")


def test_a_checkpoint_is_replaced_whole(model: AGA, copy: Path) -> None:
    save_checkpoint(model, copy)
    assert sorted(path.name for path in copy.iterdir()) == sorted([*FILES[:3], "manifest.json"])


def test_saving_leaves_nothing_beside_the_checkpoint(model: AGA, copy: Path) -> None:
    save_checkpoint(model, copy)
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_an_empty_folder_may_become_a_checkpoint(model: AGA, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    save_checkpoint(model, tmp_path / "empty")
    assert open_checkpoint(tmp_path / "empty").config == model.config


def test_the_same_model_has_the_same_identity(model: AGA, saved: Path, tmp_path: Path) -> None:
    save_checkpoint(model, tmp_path / "again")
    assert open_checkpoint(tmp_path / "again").identity == open_checkpoint(saved).identity


def test_other_weights_have_another_identity(model: AGA, saved: Path, tmp_path: Path) -> None:
    other = deepcopy(model)
    with torch.no_grad():
        other.image_encoder.heads.pooled_head.bias[0] += 1e-3
    save_checkpoint(other, tmp_path / "other")
    assert open_checkpoint(tmp_path / "other").identity != open_checkpoint(saved).identity


def test_a_moved_gate_has_another_identity(model: AGA, saved: Path, tmp_path: Path) -> None:
    moved = deepcopy(model)
    moved.language_gate.follow(0.9)
    save_checkpoint(moved, tmp_path / "moved")
    assert open_checkpoint(tmp_path / "moved").identity != open_checkpoint(saved).identity


def test_extras_do_not_change_the_identity(saved: Path, copy: Path) -> None:
    (copy / "prompts/x.yaml").write_text("name: y")
    write_manifest(copy)
    assert open_checkpoint(copy).identity == open_checkpoint(saved).identity


def test_settings_that_make_no_network_are_named(copy: Path) -> None:
    text = json.loads((copy / "config.json").read_text())["model"]["text"]
    edit_config(copy, text=text | {"last_layers": 9})
    with pytest.raises(CheckpointError, match=r"config\.json: last_layers is 9"):
        load_checkpoint(copy)

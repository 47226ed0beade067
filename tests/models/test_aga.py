"""The whole network on real pixels and reports, at a tiny size."""

import subprocess
import sys
from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor

import models
from models.aga import AGA
from models.config import Context, GateConfig, ModelConfig
from models.preprocessing import prepare
from models.types import Alignment
from tests.helpers import REPORTS, tiny_model

SHAPES = ((90, 30), (30, 90), (64, 64))  # a tall, a wide and a square picture
TORCH_FREE = (
    "models",
    "models.checkpoint",
    "models.config",
    "models.heatmap",
    "models.imaging",
    "models.manifest",
    "models.preprocessing",
    "models.prompts",
    "models.tokenizing",
    "models.zero_shot",
)


@pytest.fixture(scope="module")
def model() -> AGA:
    return tiny_model()


def inputs_of(model: AGA, reports: Sequence[str] = REPORTS[:3]) -> tuple[Tensor, ...]:
    """Prepare noise of several shapes and a report for each."""
    rng = np.random.default_rng(0)
    boxed = [
        prepare(rng.integers(0, 256, shape, dtype=np.uint8), model.config.preprocessing)
        for shape in SHAPES[: len(reports)]
    ]
    cut = model.tokenizer(reports)
    arrays = (
        np.stack([image.pixels for image in boxed])[:, None],
        np.stack([image.letterbox.patch_mask for image in boxed]),
        cut.pieces,
        cut.piece_mask,
        cut.piece_to_word,
        cut.word_mask,
    )
    return tuple(torch.from_numpy(array) for array in arrays)


@pytest.fixture(scope="module")
def inputs(model: AGA) -> tuple[Tensor, ...]:
    return inputs_of(model)


@pytest.fixture(scope="module")
def found(model: AGA, inputs: tuple[Tensor, ...]) -> Alignment:
    with torch.no_grad():
        result: Alignment = model(*inputs)
    return result


def test_something_is_gathered(found: Alignment) -> None:
    assert bool(found.tgv.weights.any())
    assert bool(found.pgl.weights.any())


def test_no_word_gathers_a_patch_outside_the_picture(found: Alignment) -> None:
    outside = ~found.images.patch_mask[:, None, :].expand_as(found.tgv.weights)
    assert bool(outside.any())
    assert not found.tgv.weights[outside].any()


def test_a_patch_outside_the_picture_gathers_nothing(found: Alignment) -> None:
    assert not found.pgl.weights[~found.images.patch_mask].any()


def test_padding_words_gather_nothing(found: Alignment) -> None:
    assert bool((~found.reports.word_mask).any())
    assert not found.tgv.weights[~found.reports.word_mask].any()


def test_no_patch_gathers_a_padding_word(found: Alignment) -> None:
    padding = ~found.reports.word_mask[:, None, :].expand_as(found.pgl.weights)
    assert not found.pgl.weights[padding].any()


def test_special_pieces_and_punctuation_have_no_row(model: AGA, found: Alignment) -> None:
    names = [[word.text for word in model.tokenizer.words(report)] for report in REPORTS[:3]]
    assert found.reports.word_mask.sum(dim=1).tolist() == [len(words) for words in names]
    assert all(any(map(str.isalnum, name)) for words in names for name in words)


def test_what_stands_in_the_special_pieces_own_place_is_no_word(
    model: AGA, inputs: tuple[Tensor, ...]
) -> None:
    *_, piece_mask, piece_to_word, _ = inputs
    ends = piece_mask.sum(dim=1) - 1
    assert (piece_to_word[:, 0] == -1).all()
    assert (piece_to_word[torch.arange(3), ends] == -1).all()


def test_embeddings_have_unit_length(found: Alignment) -> None:
    for vectors in (
        found.images.pooled,
        found.reports.pooled,
        found.images.patches[found.images.patch_mask],
        found.reports.words[found.reports.word_mask],
    ):
        torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(len(vectors)))


def test_padded_places_are_zero(found: Alignment) -> None:
    assert not found.images.patches[~found.images.patch_mask].any()
    assert not found.reports.words[~found.reports.word_mask].any()


def test_a_pair_is_the_same_alone_and_in_a_batch(
    model: AGA, inputs: tuple[Tensor, ...], found: Alignment
) -> None:
    with torch.no_grad():
        alone = model(*inputs_of(model, REPORTS[:1]))
    words = int(alone.reports.word_mask.sum())
    torch.testing.assert_close(alone.cross_tgv[0], found.cross_tgv[0, :words], rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("training", [True, False])
def test_a_forward_pass_moves_no_gate(
    model: AGA, inputs: tuple[Tensor, ...], training: bool
) -> None:
    moved = deepcopy(model).train(training)
    moved(*inputs)
    gates = (moved.language_gate.threshold, moved.vision_gate.threshold)
    assert [float(gate) for gate in gates] == pytest.approx([0.4, 0.4])


@pytest.mark.slow
def test_unset_gates_gather_nothing_and_give_a_mean(model: AGA, inputs: tuple[Tensor, ...]) -> None:
    unset = deepcopy(model)
    unset.language_gate.threshold.fill_(torch.nan)
    with torch.no_grad():
        found = unset(*inputs)
    assert not found.tgv.weights.any()
    assert 0 < float(found.tgv.mean) < 1


def test_without_a_mask_every_patch_holds_picture(model: AGA, inputs: tuple[Tensor, ...]) -> None:
    with torch.no_grad():
        assert bool(model.encode_images(inputs[0]).patch_mask.all())


@pytest.mark.slow
def test_gradients_are_finite_with_a_one_word_report(model: AGA) -> None:
    learner = deepcopy(model).train()
    found = learner(*inputs_of(model, ("Effusion.", "Heart. Lungs.")))
    (found.cross_tgv.sum() + found.cross_pgl.sum() + found.tgv.embeddings.sum()).backward()
    gradients = [p.grad for p in learner.parameters() if p.grad is not None]
    assert gradients
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


def test_autocast_groups_in_float32(model: AGA, inputs: tuple[Tensor, ...]) -> None:
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = model(*inputs)
    assert {found.tgv.scaled.dtype, found.pgl.embeddings.dtype} == {torch.float32}
    assert bool(found.cross_tgv.isfinite().all())


def test_fixed_gates_stand_at_one_over_the_columns(model: AGA) -> None:
    settings = model.config.model_copy(update={"gates": GateConfig(kind="fixed")})
    fixed = AGA(ModelConfig.model_validate(settings.model_dump()), model.tokenizer)
    assert float(fixed.language_gate.threshold) == pytest.approx(1 / 16)
    assert float(fixed.vision_gate.threshold) == pytest.approx(1 / 97)


def test_a_tokenizer_that_knows_too_much_is_refused(model: AGA) -> None:
    bert = model.config.text.bert | {"vocab_size": 10}
    text = model.config.text.model_copy(update={"bert": bert})
    with pytest.raises(ValueError, match="embeds 10"):
        AGA(model.config.model_copy(update={"text": text}), model.tokenizer)


@pytest.mark.parametrize(
    ("context", "knows"), [("report", True), ("sentence", True), ("clause", False)]
)
def test_a_word_knows_the_other_side_of_a_comma_unless_its_context_is_the_clause(
    model: AGA, context: Context, knows: bool
) -> None:
    text = model.config.text.model_copy(update={"context": context})
    torch.manual_seed(0)
    reader = AGA(model.config.model_copy(update={"text": text}), model.tokenizer).eval()
    one, other = (
        words_of(reader, f"No nodule is seen, no {label}.") for label in ("mass", "fracture")
    )
    assert torch.equal(one[:4], other[:4]) is not knows
    assert not torch.equal(one[5], other[5])


def words_of(model: AGA, report: str) -> Tensor:
    cut = model.tokenizer([report])
    arrays = (cut.pieces, cut.piece_mask, cut.piece_to_word, cut.word_mask)
    with torch.no_grad():
        return model.encode_reports(*map(torch.from_numpy, arrays)).words[0]


def test_the_room_names_what_it_has() -> None:
    assert models.AGA is AGA
    with pytest.raises(AttributeError, match="nonsense"):
        _ = models.nonsense


@pytest.mark.slow
def test_what_a_server_needs_imports_no_torch() -> None:
    code = f"import sys, {', '.join(TORCH_FREE)}; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"

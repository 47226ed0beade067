"""Turn a checkpoint into ONNX graphs, and prove that they compute the same."""

import argparse
import json
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NoReturn

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.export import Dim
from tqdm import tqdm

from models.aga import AGA, load_checkpoint
from models.checkpoint import CheckpointError, forget_broken, write_manifest
from models.folders import FolderFault, finish_draft, start_draft
from models.grouping import similarity
from models.types import EncodedImages, EncodedReports

TOLERANCE = 1e-4  # on embeddings and scaled similarities
Arrays = dict[str, np.ndarray]


class _Graph(nn.Module):
    """A part of the network as one graph, with the names of its inputs and outputs."""

    inputs: ClassVar[tuple[str, ...]]
    outputs: ClassVar[tuple[str, ...]]

    def __init__(self, model: AGA) -> None:
        super().__init__()
        self.model = model


class _ImageGraph(_Graph):
    inputs = ("pixels", "patch_mask")
    outputs = ("patches", "pooled")

    def forward(self, pixels: Tensor, patch_mask: Tensor) -> tuple[Tensor, ...]:
        images = self.model.encode_images(pixels, patch_mask)
        return images.patches, images.pooled


class _TextGraph(_Graph):
    inputs = ("pieces", "piece_mask", "piece_to_word", "word_mask")
    outputs = ("words", "pooled")

    def forward(
        self, pieces: Tensor, piece_mask: Tensor, piece_to_word: Tensor, word_mask: Tensor
    ) -> tuple[Tensor, ...]:
        reports = self.model.encode_reports(pieces, piece_mask, piece_to_word, word_mask)
        return reports.words, reports.pooled


class _GroupsGraph(_Graph):
    inputs = ("words", "word_mask", "patches", "patch_mask")
    outputs = (
        "similarity",
        "tgv_scaled",
        "tgv_weights",
        "tgv",
        "pgl_scaled",
        "pgl_weights",
        "pgl",
    )

    def forward(
        self, words: Tensor, word_mask: Tensor, patches: Tensor, patch_mask: Tensor
    ) -> tuple[Tensor, ...]:
        images = EncodedImages(patches, patch_mask, patches[:, 0])
        reports = EncodedReports(words, word_mask, words[:, 0])
        tgv, pgl = self.model.group(images, reports)
        scores = similarity(words, patches)
        return (
            scores,
            tgv.scaled,
            tgv.weights,
            tgv.embeddings,
            pgl.scaled,
            pgl.weights,
            pgl.embeddings,
        )


GRAPHS: dict[str, type[_Graph]] = {"image": _ImageGraph, "text": _TextGraph, "groups": _GroupsGraph}
_LENGTHS: dict[str, dict[int, str]] = {
    "patch_mask": {},
    "patches": {},
    "pieces": {1: "pieces"},
    "piece_mask": {1: "pieces"},
    "piece_to_word": {1: "pieces"},
    "word_mask": {1: "words"},
    "words": {1: "words"},
    "pixels": {},
}


def export_checkpoint(path: Path) -> dict[str, float]:
    """Add fp32 graphs and their parity report to a checkpoint folder; graphs already there go.

    Until the new ones are proved, the old ones stay. A stop between the two last steps leaves
    graphs that the manifest does not know: the next export makes them anew.

    Returns:
        The largest difference to PyTorch by output, over ragged random batches.

    Raises:
        CheckpointError: there is no valid checkpoint, or a graph differs by more than 1e-4.
        FolderFault: the folder cannot be written.
    """
    forget_broken(path, under="onnx/fp32/")
    model = load_checkpoint(path)
    folder = path / "onnx" / "fp32"
    draft = start_draft(folder)
    try:
        parity = _write_graphs(model, draft)
        finish_draft(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # of an export that failed
    write_manifest(path)
    return parity


def _write_graphs(model: AGA, folder: Path) -> dict[str, float]:
    for name in tqdm(GRAPHS, desc="exporting", unit="graph", file=sys.stderr):
        _export(model, name, folder / f"{name}.onnx")
    parity = compare(model, folder)
    (folder / "parity.json").write_text(json.dumps(parity, indent=2))
    return parity


def compare(model: AGA, folder: Path) -> dict[str, float]:
    """Return the largest difference between graphs and network on ragged random batches.

    Weights are compared where no scaled similarity lies within the tolerance of its threshold:
    there a rounding decides who belongs to the group.
    """
    worst: dict[str, float] = {}
    for seed, batch in enumerate((1, 3, 2)):
        image, text = _image_inputs(model, batch, seed), _text_inputs(model, batch, seed)
        for name, given in {"image": image, "text": text}.items():
            _merge(worst, name, _differences(model, name, given, folder))
        _merge(
            worst,
            "groups",
            _differences(model, "groups", _groups_inputs(model, image, text), folder),
        )
    bad = {name: value for name, value in worst.items() if value > TOLERANCE}
    if bad:
        raise CheckpointError(
            f"the ONNX graphs differ from PyTorch by more than {TOLERANCE}: {bad}"
        )
    return worst


@torch.no_grad()
def _export(model: AGA, name: str, path: Path) -> None:
    graph = GRAPHS[name](model).eval()
    image, text = _image_inputs(model, 2, 0), _text_inputs(model, 2, 0)
    given = {"image": image, "text": text}.get(name) or _groups_inputs(model, image, text)
    dims = {"batch": Dim("batch"), "pieces": Dim("pieces"), "words": Dim("words")}
    shapes = {
        key: {0: dims["batch"], **{axis: dims[dim] for axis, dim in _LENGTHS[key].items()}}
        for key in graph.inputs
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            graph,
            kwargs={key: given[key] for key in graph.inputs},
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_shapes=shapes,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise CheckpointError(f"the exporter returned nothing for {name}")
    program.save(path)


def _differences(model: AGA, name: str, given: dict[str, Tensor], folder: Path) -> dict[str, float]:
    graph = GRAPHS[name](model).eval()
    with torch.no_grad():
        wanted = dict(zip(graph.outputs, (t.numpy() for t in graph(**given)), strict=True))
    session = onnxruntime.InferenceSession(
        folder / f"{name}.onnx", providers=["CPUExecutionProvider"]
    )
    feeds = {key: value.numpy() for key, value in given.items()}
    got = dict(zip(graph.outputs, session.run(list(graph.outputs), feeds), strict=True))
    if name == "groups":
        _forget_ties(model, wanted, got)
    return {key: float(np.abs(wanted[key] - got[key]).max(initial=0.0)) for key in wanted}


def _forget_ties(model: AGA, wanted: Arrays, got: Arrays) -> None:
    """Zero the rows in which a score lies within the tolerance of the threshold."""
    gates = {"tgv": model.language_gate, "pgl": model.vision_gate}
    for direction, gate in gates.items():
        near = np.abs(wanted[f"{direction}_scaled"] - float(gate.threshold)) < TOLERANCE
        tied = near.any(axis=-1)
        for arrays in (wanted, got):
            arrays[f"{direction}_weights"][tied] = 0.0
            arrays[direction][tied] = 0.0


def _image_inputs(model: AGA, batch: int, seed: int) -> dict[str, Tensor]:
    random = np.random.default_rng(seed)
    box = model.config.preprocessing
    side = box.size // box.stride
    mask = np.zeros((batch, side, side), dtype=bool)
    for row in range(batch):
        mask[row, : random.integers(1, side + 1), :] = True
    pixels = random.integers(0, 256, size=(batch, 1, box.size, box.size), dtype=np.uint8)
    return {
        "pixels": torch.from_numpy(pixels),
        "patch_mask": torch.from_numpy(mask.reshape(batch, -1)),
    }


def _text_inputs(model: AGA, batch: int, seed: int) -> dict[str, Tensor]:
    random = np.random.default_rng(seed)
    vocabulary = [word for word in _vocabulary(model) if word.isalpha()] or ["a"]
    lengths = random.integers(2, 12, size=batch)
    texts = [" ".join(random.choice(vocabulary, size=n)) for n in lengths]
    tokens = model.tokenizer([f"{text}. {text}." for text in texts])
    return {
        "pieces": torch.from_numpy(tokens.pieces),
        "piece_mask": torch.from_numpy(tokens.piece_mask),
        "piece_to_word": torch.from_numpy(tokens.piece_to_word),
        "word_mask": torch.from_numpy(tokens.word_mask),
    }


def _vocabulary(model: AGA) -> list[str]:
    return sorted(json.loads(model.tokenizer.to_json())["model"]["vocab"])


def _groups_inputs(
    model: AGA, image: dict[str, Tensor], text: dict[str, Tensor]
) -> dict[str, Tensor]:
    with torch.no_grad():
        words, _ = _TextGraph(model)(**text)
        patches, _ = _ImageGraph(model)(**image)
    return {
        "words": words,
        "word_mask": text["word_mask"],
        "patches": patches,
        "patch_mask": image["patch_mask"],
    }


def _merge(worst: dict[str, float], graph: str, found: dict[str, float]) -> None:
    for output, value in found.items():
        key = f"{graph}.{output}"
        worst[key] = max(worst.get(key, 0.0), value)


def main(arguments: Sequence[str] | None = None) -> None:
    """Export the checkpoint that the arguments name."""
    parser = argparse.ArgumentParser(
        prog="python -m models.export", description="Add ONNX graphs to a checkpoint folder."
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--precision", nargs="+", choices=("fp32", "int8"), default=["fp32"])
    given = parser.parse_args(arguments)
    if "int8" in given.precision:
        _fail("--precision int8: not built yet; leave it out to export fp32")
    try:
        parity = export_checkpoint(given.checkpoint)
    except (CheckpointError, FolderFault, OSError) as error:
        _fail(str(error))
    worst = max(parity.values())
    sys.stdout.write(f"fp32: image, text and groups; largest difference to PyTorch {worst:.1e}\n")


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    raise SystemExit(1)


if __name__ == "__main__":
    main()

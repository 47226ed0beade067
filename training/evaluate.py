"""Measure a checkpoint on manifests: every metric that their columns allow, as JSON and table."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int
from tqdm import tqdm

from models.aga import AGA, load_checkpoint
from models.checkpoint import open_checkpoint
from models.prompts import PromptSet, find_prompt_set, prompt_set_names
from models.zero_shot import class_probabilities, class_similarities, embed_prompts
from training.config import ConfigError
from training.data.manifest import SPLITS, ImageReportPair, fingerprint, read_pairs
from training.embedding import EmbeddedPairs, embed_pairs, embed_texts
from training.evaluation.retrieval import (
    hits_at_k,
    label_chance,
    number_labels,
    precision_per_query,
    unique_reports,
)
from training.evaluation.statistics import Figure, bootstrap
from training.evaluation.zero_shot import accuracy, auroc, macro_auroc
from training.program import run

Figures = dict[str, Figure]
Rows = Int[np.ndarray, " rows"]


def evaluate(
    checkpoint: Path,
    manifest: Path,
    *,
    split: str,
    text_column: str = "report",
    prompt_set: str = "",
) -> dict[str, Any]:  # Any: JSON
    """Return all figures of a checkpoint on one split of a manifest, and what they rest on.

    Args:
        prompt_set: a prompt set's name; without one, that of the checkpoint or a shipped one whose
            classes are the manifest's labels.

    Raises:
        CheckpointError, ManifestError, ConfigError: inputs cannot be used.
    """
    pairs = read_pairs(
        manifest, splits=SPLITS if split == "all" else (split,), text_column=text_column
    )
    if len(pairs) < 2:
        raise ConfigError(f"{manifest}: the split {split!r} has {len(pairs)} pairs")
    model = load_checkpoint(checkpoint)
    with tqdm(total=len(pairs), desc="embedding", unit="pair", file=sys.stderr) as bar:
        embedded = embed_pairs(model, pairs, progress=lambda n: bar.update(n))
    figures = _retrieval(pairs, embedded)
    prompts = _prompt_set(pairs, checkpoint, prompt_set)
    if prompts is not None:
        figures |= _zero_shot(model, pairs, embedded, prompts)
    return {
        "checkpoint": open_checkpoint(checkpoint).identity,
        "manifest": manifest.name,
        "split": split,
        "data_fingerprint": fingerprint(pairs),
        "prompt_set": prompts.name if prompts else None,
        "interval": "95 %, bootstrap over patients, 500 draws",
        "figures": {name: asdict(figure) for name, figure in figures.items()},
    }


def _retrieval(pairs: Sequence[ImageReportPair], embedded: EmbeddedPairs) -> Figures:
    """Image to report: recall with identical reports counted once, precision by label set."""
    patients = [pair.patient_id for pair in pairs]
    rows, places = unique_reports([pair.report for pair in pairs])
    similarity = embedded.images @ embedded.reports[rows].T
    figures: Figures = {}
    for k in (k for k in (1, 5, 10) if k <= len(rows)):
        values = hits_at_k(similarity, places, k=k).astype(float)
        figures[f"recall_at_{k}"] = bootstrap(
            partial(_mean, values), patients, chance=k / len(rows)
        )
    labels = [pair.labels for pair in pairs if pair.labels is not None]
    if len(labels) == len(pairs):
        numbers = number_labels(labels)
        all_pairs = embedded.images @ embedded.reports.T
        for k in (k for k in (5, 10, 100) if k <= len(pairs)):
            values = precision_per_query(all_pairs, numbers, numbers, k=k)
            figures[f"precision_at_{k}"] = bootstrap(
                partial(_mean, values), patients, chance=label_chance(numbers)
            )
    return figures


def _zero_shot(
    model: AGA, pairs: Sequence[ImageReportPair], embedded: EmbeddedPairs, prompts: PromptSet
) -> Figures:
    """Classify by prompts: AUROC of yes-no findings, accuracy where classes compete."""
    patients = [pair.patient_id for pair in pairs]
    texts = embed_prompts(prompts, lambda texts: embed_texts(model, texts))
    if prompts.mode == "pairs":
        scores = class_probabilities(embedded.images, texts, temperature=model.config.temperature)
    else:
        scores = class_similarities(embedded.images, texts)
    truth = np.array([[label in (p.labels or ()) for label in prompts.labels] for p in pairs])
    figures: Figures = {
        "zero_shot_macro_auroc": bootstrap(
            lambda rows: macro_auroc(scores[rows], truth[rows]), patients, chance=0.5, draws=200
        )
    }
    for number, label in enumerate(prompts.labels):
        figures[f"zero_shot_auroc/{label}"] = bootstrap(
            partial(_auroc_of, scores[:, number], truth[:, number]), patients, chance=0.5, draws=200
        )
    if prompts.mode == "classes":
        known = truth.argmax(axis=1)
        majority = float(np.bincount(known).max() / len(known))
        figures["zero_shot_accuracy"] = bootstrap(
            lambda rows: accuracy(scores[rows], known[rows]), patients, chance=majority
        )
    return figures


def _prompt_set(pairs: Sequence[ImageReportPair], checkpoint: Path, name: str) -> PromptSet | None:
    folders = [checkpoint / "prompts"]
    if name:
        return find_prompt_set(name, folders)
    present = frozenset[str]().union(*(pair.labels or frozenset[str]() for pair in pairs))
    sets = [find_prompt_set(known, folders) for known in prompt_set_names(folders)]
    fitting = [prompts for prompts in sets if present and present <= set(prompts.labels)]
    return fitting[0] if fitting else None


def _mean(values: np.ndarray, rows: Rows) -> float:
    return float(values[rows].mean())


def _auroc_of(scores: np.ndarray, truth: np.ndarray, rows: Rows) -> float | None:
    return auroc(scores[rows], truth[rows])


def table(result: dict[str, Any]) -> str:
    """Lay the figures out as a Markdown table."""
    lines = ["| metric | value | 95 % interval | chance | n |", "|---|---|---|---|---|"]
    figures = result["figures"]
    for name, figure in figures.items():
        if figure["value"] is None:
            lines.append(f"| {name} | undefined | | {figure['chance']} | {figure['n']} |")
        else:
            lines.append(
                f"| {name} | {figure['value']:.3f} | {figure['low']:.3f} to {figure['high']:.3f} "
                f"| {figure['chance']:.3f} | {figure['n']} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Evaluate as the arguments say; print the table and write JSON where asked."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description="Measure a checkpoint on a manifest."
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="a manifest")
    parser.add_argument("--split", default="test", choices=(*SPLITS, "all"))
    parser.add_argument("--text-column", default="report")
    parser.add_argument("--prompts", default="", help="a prompt set by name")
    parser.add_argument("--out", type=Path, help="a folder for metrics.json and table.md")
    arguments = parser.parse_args()
    result = evaluate(
        arguments.checkpoint,
        arguments.data,
        split=arguments.split,
        text_column=arguments.text_column,
        prompt_set=arguments.prompts,
    )
    sys.stdout.write(table(result) + "\n")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "metrics.json").write_text(json.dumps(result, indent=2) + "\n")
        (arguments.out / "table.md").write_text(table(result) + "\n")


if __name__ == "__main__":
    run(main)

"""Measure a checkpoint on manifests: every metric that their columns allow, as JSON and tables."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from tqdm import tqdm

from models.aga import AGA, load_checkpoint
from models.checkpoint import open_checkpoint
from models.prompts import PromptSet, find_prompt_set, prompt_set_names
from models.zero_shot import class_probabilities, class_similarities, embed_prompts
from training.config import ConfigError
from training.data.manifest import SPLITS, ImageReportPair, evenly, fingerprint, read_pairs
from training.embedding import align_pairs, embed_images, embed_texts
from training.evaluation.center_prior import CenterPrior
from training.evaluation.collapse import collapse_signs
from training.evaluation.localization_figures import (
    localization_facts,
    localization_figures,
    phrase_record,
)
from training.evaluation.localization_study import Priors, ScoredPhrase, study_localization
from training.evaluation.phrases import read_phrases
from training.evaluation.regions import Mark, read_marks
from training.evaluation.retrieval import (
    hits_at_k,
    label_chance,
    number_labels,
    precision_per_query,
    unique_reports,
)
from training.evaluation.statistics import DRAWS, Figure, bootstrap
from training.evaluation.tables import tables
from training.evaluation.zero_shot_figures import zero_shot_figures
from training.program import run

Figures = dict[str, Figure]
Embeddings = Float[np.ndarray, "rows dim"]
Rows = Int[np.ndarray, " rows"]

SIGN_PAIRS = 64  # the signs of collapse are those of so many pairs


def evaluate(
    checkpoint: Path,
    manifest: Path,
    *,
    split: str,
    text_column: str = "report",
    prompt_set: str = "",
    phrases: Mapping[str, str] | None = None,
    prior: Path | None = None,
) -> dict[str, Any]:  # Any: JSON
    """Return all figures of a checkpoint on one split of a manifest, and what they rest on.

    Args:
        prompt_set: a prompt set's name; without one, that of the checkpoint or a shipped one whose
            classes are the manifest's labels.
        phrases: words to ask for by phrase of the boxes and masks; others ask for themselves.
        prior: the manifest whose training split gives the center prior; without, this one.

    Raises:
        CheckpointError, ManifestError, ConfigError: inputs cannot be used.
    """
    pairs = _pairs(manifest, split, text_column)
    marks = read_marks(pairs, manifest.parent)
    priors = _priors(pairs, marks, prior or manifest, text_column)
    prompts = _prompt_set(pairs, checkpoint, prompt_set)
    model = load_checkpoint(checkpoint)
    scored = _localization(model, pairs, marks, priors, phrases or {})
    figures = _of_embeddings(model, pairs, prompts) | localization_figures(scored)
    return {
        "checkpoint": open_checkpoint(checkpoint).identity,
        "manifest": manifest.name,
        "split": split,
        "data_fingerprint": fingerprint(pairs),
        "prompt_set": prompts.name if prompts else None,
        "interval": f"95 %, bootstrap over patients, {DRAWS} draws",
        "figures": {name: asdict(figure) for name, figure in figures.items()},
        "localization": localization_facts(scored, figures),
        "localization_rows": [phrase_record(one) for one in scored],
        "collapse_signs": _collapse_signs(model, pairs),
    }


def _pairs(manifest: Path, split: str, text_column: str) -> list[ImageReportPair]:
    splits = SPLITS if split == "all" else (split,)
    pairs = read_pairs(manifest, splits=splits, text_column=text_column, with_report=False)
    if len(pairs) < 2:
        raise ConfigError(f"{manifest}: the split {split!r} has {len(pairs)} pairs")
    if text_column != "report" and not any(pair.report for pair in pairs):
        raise ConfigError(f"{manifest}: no row has a text in the column {text_column!r}")
    return pairs


def _of_embeddings(
    model: AGA, pairs: Sequence[ImageReportPair], prompts: PromptSet | None
) -> Figures:
    """Embed the images; measure retrieval where reports are given, zero-shot where prompts are."""
    with tqdm(total=len(pairs), desc="embedding", unit="pair", file=sys.stderr) as bar:
        images = embed_images(model, pairs, progress=lambda n: bar.update(n))
    figures: Figures = {}
    reported = [row for row, pair in enumerate(pairs) if pair.report]
    if reported:
        figures = _retrieval(model, [pairs[row] for row in reported], images[reported])
    if prompts is not None:
        figures |= _zero_shot(model, pairs, images, prompts)
    return figures


def _retrieval(model: AGA, pairs: Sequence[ImageReportPair], images: Embeddings) -> Figures:
    """Image to report: recall with identical reports counted once, precision by label set."""
    patients = [pair.patient_id for pair in pairs]
    reports = embed_texts(model, [pair.report for pair in pairs])
    rows, places = unique_reports([pair.report for pair in pairs])
    similarity = images @ reports[rows].T
    figures: Figures = {}
    for k in (k for k in (1, 5, 10) if k <= len(rows)):
        values = hits_at_k(similarity, places, k=k).astype(float)
        figures[f"recall_at_{k}"] = bootstrap(
            partial(_mean, values), patients, chance=k / len(rows)
        )
    labels = [pair.labels for pair in pairs if pair.labels is not None]
    if len(labels) == len(pairs):
        numbers = number_labels(labels)
        all_pairs = images @ reports.T
        for k in (k for k in (5, 10, 100) if k <= len(pairs)):
            values = precision_per_query(all_pairs, numbers, numbers, k=k)
            figures[f"precision_at_{k}"] = bootstrap(
                partial(_mean, values), patients, chance=label_chance(numbers)
            )
    return figures


def _zero_shot(
    model: AGA, pairs: Sequence[ImageReportPair], images: Embeddings, prompts: PromptSet
) -> Figures:
    """Classify by prompts: AUROC of yes-no findings, accuracy where classes compete."""
    texts = embed_prompts(prompts, lambda texts: embed_texts(model, texts))
    if prompts.mode == "pairs":
        scores = class_probabilities(images, texts, temperature=model.config.temperature)
    else:
        scores = class_similarities(images, texts)
    labels, patients = [p.labels for p in pairs], [p.patient_id for p in pairs]
    return zero_shot_figures(scores, labels, patients, prompts=prompts)


def _priors(
    pairs: Sequence[ImageReportPair], marks: Sequence[Mark], manifest: Path, text_column: str
) -> Priors:
    """Read where the marked phrases lie in a manifest's training split, and in the pairs."""
    phrases = {mark.phrase for mark in marks}
    training = (
        read_pairs(manifest, splits=("train",), text_column=text_column, with_report=False)
        if phrases
        else []
    )
    known = [mark for mark in read_marks(training, manifest.parent) if mark.phrase in phrases]
    return Priors(train=CenterPrior(training, known), evaluated=CenterPrior(pairs, marks))


def _localization(
    model: AGA,
    pairs: Sequence[ImageReportPair],
    marks: Sequence[Mark],
    priors: Priors,
    asked_as: Mapping[str, str],
) -> list[ScoredPhrase]:
    with tqdm(desc="word maps", unit="map", file=sys.stderr, disable=not marks) as bar:
        return study_localization(
            model, pairs, marks, priors, asked_as=asked_as, progress=lambda n: bar.update(n)
        )


def _collapse_signs(model: AGA, pairs: Sequence[ImageReportPair]) -> dict[str, float | None]:
    """Return the signs of some pairs that have a report; without any there are none."""
    chosen = evenly([pair for pair in pairs if pair.report], SIGN_PAIRS)
    return collapse_signs(align_pairs(model, chosen)) if chosen else {}


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
    parser.add_argument(
        "--phrases",
        default="",
        help="words to ask for, phrase=words,... or a YAML file; other phrases ask for themselves",
    )
    parser.add_argument(
        "--prior", type=Path, help="the manifest whose training boxes and masks give center priors"
    )
    parser.add_argument("--out", type=Path, help="a folder for the figures as JSON and tables")
    arguments = parser.parse_args()
    result = evaluate(
        arguments.checkpoint,
        arguments.data,
        split=arguments.split,
        text_column=arguments.text_column,
        prompt_set=arguments.prompts,
        phrases=read_phrases(arguments.phrases),
        prior=arguments.prior,
    )
    sys.stdout.write(tables(result) + "\n")
    if arguments.out:
        _write(result, arguments.out)


def _write(result: dict[str, Any], out: Path) -> None:  # Any: JSON
    """Write the figures, their tables, and the score of every marked phrase."""
    out.mkdir(parents=True, exist_ok=True)
    facts = {name: value for name, value in result.items() if name != "localization_rows"}
    (out / "metrics.json").write_text(json.dumps(facts, indent=2) + "\n")
    (out / "table.md").write_text(tables(result) + "\n")
    if rows := result["localization_rows"]:
        (out / "localization.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    run(main)

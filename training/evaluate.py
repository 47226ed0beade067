"""Measure a checkpoint on manifests: what their columns allow, as JSON, tables and pictures."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from models.aga import AGA, load_checkpoint
from models.checkpoint import open_checkpoint
from models.prompts import PromptSet, find_prompt_set, read_prompt_sets
from training.config import ConfigError
from training.data.manifest import SPLITS, ImageReportPair, evenly, read_pairs
from training.embedding import align_pairs, embed_images
from training.evaluation.center_prior import CenterPrior
from training.evaluation.collapse import collapse_signs
from training.evaluation.label_draws import class_names
from training.evaluation.label_probes import (
    Lessons,
    Shares,
    label_figures,
    plan_lessons,
    probe_record,
    read_others,
    read_shares,
)
from training.evaluation.localization_figures import (
    localization_facts,
    localization_measures,
    phrase_record,
)
from training.evaluation.localization_study import Priors, ScoredPhrase, study_localization
from training.evaluation.measures import Embeddings, measures_of
from training.evaluation.phrases import read_phrases
from training.evaluation.pictures.album import ShownSet, draw_album
from training.evaluation.probe_figures import ProbeFigure
from training.evaluation.provenance import provenance
from training.evaluation.regions import Mark, read_marks
from training.evaluation.results import distinct_names, tables_of, write_results
from training.evaluation.statistics import DRAWS, Measure
from training.evaluation.text_measures import text_measures
from training.program import run

INTERVAL = f"95 %, bootstrap over patients, {DRAWS} draws"
SIGN_PAIRS = 64  # the signs of collapse are those of so many pairs


@dataclass(frozen=True)
class Evaluation:
    """What was measured of a checkpoint on one manifest."""

    result: dict[str, Any]  # Any: JSON
    measures: dict[str, Measure]  # behind all figures but of label probes: to be paired
    shown: ShownSet  # what pictures can be drawn of


def evaluate(
    checkpoint: Path,
    manifest: Path,
    *,
    split: str,
    text_column: str = "report",
    prompt_set: str = "",
    phrases: Mapping[str, str] | None = None,
    prior: Path | None = None,
    shares: Shares | None = None,
) -> Evaluation:
    """Measure a checkpoint on one split of a manifest, and say what the figures rest on.

    Args:
        prompt_set: a prompt set's name; without one, that of the checkpoint or a shipped one whose
            classes are the manifest's labels.
        phrases: words to ask for by phrase of the boxes and masks; others ask for themselves.
        prior: the manifest whose training split gives the center prior; without, this one.
        shares: of the labels, that classifiers learn from; without them none does.

    Raises:
        CheckpointError, ManifestError, ConfigError: inputs cannot be used.
    """
    pairs = _pairs(manifest, split, text_column)
    marks = read_marks(pairs, manifest.parent)
    priors = _priors(pairs, marks, prior or manifest, text_column)
    prompts = _prompt_set(pairs, checkpoint, prompt_set)
    classes = class_names(pairs, prompts)
    lessons = _lessons(pairs, classes, shares, manifest, (split, text_column))
    facts = provenance(open_checkpoint(checkpoint), manifest, pairs, prompts)
    model = load_checkpoint(checkpoint)
    scored = _localization(model, pairs, marks, priors, phrases or {})
    images = _images(model, pairs)
    measures = measures_of(model, pairs, images, prompts) | localization_measures(scored)
    measures |= text_measures(model, pairs, images, classes)
    learned = label_figures(model, images, lessons) if lessons else {}
    result = facts | {"split": split, "text_column": text_column, "interval": INTERVAL}
    result |= _figures(measures, learned, scored) | _collapse_signs(model, pairs)
    result |= {"label_probes": lessons.record() if lessons else None}
    return Evaluation(result, measures, ShownSet(pairs, images, marks, phrases or {}))


def _lessons(
    pairs: Sequence[ImageReportPair],
    classes: Sequence[str],
    shares: Shares | None,
    manifest: Path,
    asked: tuple[str, str],  # split and text column
) -> Lessons | None:
    """Plan who is learned from where shares of labels are asked for."""
    if shares is None:
        return None
    others = read_others(manifest, split=asked[0], text_column=asked[1])
    return plan_lessons(pairs, classes, shares, others)


def _figures(
    measures: Mapping[str, Measure],
    learned: Mapping[str, ProbeFigure],
    scored: Sequence[ScoredPhrase],
) -> dict[str, Any]:  # Any: JSON
    """Take every figure with its interval, and what was measured of every marked phrase."""
    figures = {name: one.figure() for name, one in measures.items()}
    return {
        "figures": {name: asdict(figure) for name, figure in figures.items()}
        | {name: probe_record(figure) for name, figure in learned.items()},
        "localization": localization_facts(scored, figures),
        "localization_rows": [phrase_record(one) for one in scored],
    }


def _pairs(manifest: Path, split: str, text_column: str) -> list[ImageReportPair]:
    splits = SPLITS if split == "all" else (split,)
    pairs = list(read_pairs(manifest, splits=splits, text_column=text_column, with_report=False))
    if len(pairs) < 2:
        raise ConfigError(f"{manifest}: the split {split!r} has {len(pairs)} pairs")
    if text_column != "report" and not any(pair.report for pair in pairs):
        raise ConfigError(f"{manifest}: no row has a text in the column {text_column!r}")
    return pairs


def _images(model: AGA, pairs: Sequence[ImageReportPair]) -> Embeddings:
    with tqdm(total=len(pairs), desc="embedding", unit="pair", file=sys.stderr) as bar:
        return embed_images(model, pairs, progress=lambda n: bar.update(n))


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


def _collapse_signs(model: AGA, pairs: Sequence[ImageReportPair]) -> dict[str, Any]:  # Any: JSON
    """Return the signs of some pairs that have a report; without any there are none."""
    chosen = evenly([pair for pair in pairs if pair.report], SIGN_PAIRS)
    return {"collapse_signs": collapse_signs(align_pairs(model, chosen)) if chosen else {}}


def _prompt_set(pairs: Sequence[ImageReportPair], checkpoint: Path, name: str) -> PromptSet | None:
    folders = [checkpoint / "prompts"]
    if name:
        return find_prompt_set(name, folders)
    present = frozenset[str]().union(*(pair.labels or frozenset[str]() for pair in pairs))
    own = {path.stem for path in folders[0].glob("*.yaml")}
    known = sorted(read_prompt_sets(folders), key=lambda prompts: prompts.name not in own)
    fitting = (prompts for prompts in known if present <= set(prompts.labels))
    return next(fitting, None) if present else None


def main() -> None:
    """Evaluate as the arguments say; print the tables and write files where asked."""
    arguments = _arguments()
    names = distinct_names(arguments.data)
    shares = read_shares(probe=arguments.probe, fine_tune=arguments.fine_tune)
    found = {
        name: evaluate(
            arguments.checkpoint,
            manifest,
            split=arguments.split,
            text_column=arguments.text_column,
            prompt_set=arguments.prompts,
            phrases=read_phrases(arguments.phrases),
            prior=arguments.prior,
            shares=shares,
        )
        for name, manifest in zip(names, arguments.data, strict=True)
    }
    results = {name: one.result for name, one in found.items()}
    sys.stdout.write(tables_of(results) + "\n")
    if arguments.out:
        write_results(results, arguments.out)
        _draw(arguments.checkpoint, found, arguments.out / "pictures")


def _draw(checkpoint: Path, found: Mapping[str, Evaluation], folder: Path) -> None:
    """Draw what was shown; a run's log lies beside its checkpoint."""
    model, metrics = load_checkpoint(checkpoint), checkpoint.resolve().parent / "metrics.jsonl"
    draw_album(model, metrics, {name: one.shown for name, one in found.items()}, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description="Measure a checkpoint on manifests."
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, nargs="+", help="manifests")
    parser.add_argument(
        "--split", default="test", choices=(*SPLITS, "all"), help="whose pairs are measured (test)"
    )
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
    parser.add_argument(
        "--probe",
        default="",
        metavar="SHARES",
        help="a linear probe, learned from these shares of the labels: 0.01,0.1,1",
    )
    parser.add_argument(
        "--fine-tune",
        default="",
        metavar="SHARES",
        help="the same with the whole image encoder: slow, ten epochs for each share",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="a folder for JSON, tables and pictures; one in it for each of many manifests",
    )
    return parser.parse_args()


if __name__ == "__main__":
    run(main)

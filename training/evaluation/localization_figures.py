"""Figures of scored phrases: all findings, each phrase and the worst one, with intervals.

The names of the model's maps are `metric`, `metric/phrase` and `metric_worst`, a minimum over
phrases; those of a baseline or control are `metric_center_prior` and so on.
`metric_over_center_prior` is the model's figure less the center prior's on the same phrases of the
same pairs. Chance is what a uniform map scores.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from training.evaluation.localization import FIXED_THRESHOLD, THRESHOLDS, MapScores
from training.evaluation.localization_study import ScoredPhrase, Variant
from training.evaluation.statistics import DRAWS, Figure, Measure, Rows

Statistic = Callable[[Rows], float]
Columns = Float[np.ndarray, " columns"]  # a figure is the best column's mean

FIXED = int(np.argmin(abs(THRESHOLDS - FIXED_THRESHOLD)))
METRICS: dict[str, Callable[[MapScores], Columns | None]] = {
    "pointing_game": lambda scores: np.array([scores.pointing_game]),
    "cnr": lambda scores: None if scores.cnr is None else np.array([scores.cnr]),
    "iou_best": lambda scores: scores.iou,  # one threshold for all rows, the one that is best
    f"iou_at_{FIXED_THRESHOLD}": lambda scores: scores.iou[[FIXED]],
}
VARIANTS: dict[str, Variant] = {
    "": "model",
    "_center_prior": "center_prior",
    "_uniform": "uniform",
    "_shuffled_report": "shuffled_report",
    "_other_image": "other_image",
}
OVER_PRIOR = "_over_center_prior"


@dataclass(frozen=True)
class _BesideChance:
    """A metric of some rows, and its chance level on the same rows."""

    value_of: Statistic
    chance_of: Statistic

    def measure(self, patients: Sequence[str]) -> Measure:
        """Return the measure of all rows, whose patients these are."""
        return Measure(self.value_of, patients, self.chance_of(np.arange(len(patients))))

    def within(self, rows: Rows) -> "_BesideChance":
        """Return the metric of these rows alone, numbered anew."""
        return _BesideChance(
            lambda chosen: self.value_of(rows[chosen]), lambda chosen: self.chance_of(rows[chosen])
        )

    def worst_of(self, groups: Rows) -> "_BesideChance":
        """Return the least value among the groups to which rows belong."""
        return _BesideChance(
            partial(_least, self.value_of, groups), partial(_least, self.chance_of, groups)
        )


def localization_figures(
    scored: Sequence[ScoredPhrase], *, draws: int = DRAWS, metrics: Sequence[str] = tuple(METRICS)
) -> dict[str, Figure]:
    """Return the figure of every measure."""
    measures = localization_measures(scored, metrics=metrics)
    return {name: measure.figure(draws=draws) for name, measure in measures.items()}


def localization_measures(
    scored: Sequence[ScoredPhrase], *, metrics: Sequence[str] = tuple(METRICS)
) -> dict[str, Measure]:
    """Return every measure, or none without rows; one that no row defines has no rows.

    Args:
        metrics: names of METRICS.
    """
    if not scored:
        return {}
    phrases = sorted({one.phrase for one in scored})
    measures: dict[str, Measure] = {}
    for metric in metrics:
        columns_of = METRICS[metric]
        for suffix, variant in VARIANTS.items():
            kept, (values, uniform) = _defined(scored, columns_of, (variant, "uniform"))
            one = _BesideChance(partial(_best_mean, values), partial(_best_mean, uniform))
            measures |= _measures(metric + suffix, phrases, kept, one)
        kept, (model, prior) = _defined(scored, columns_of, ("model", "center_prior"))
        lead = _BesideChance(partial(_lead, model, prior), _no_lead)
        measures |= _measures(metric + OVER_PRIOR, phrases, kept, lead)
    return measures


def localization_facts(
    scored: Sequence[ScoredPhrase], figures: dict[str, Figure]
) -> dict[str, Any]:  # Any: JSON
    """Say what was asked for each phrase, in which text, and what its figures rest on."""
    phrases = sorted({one.phrase for one in scored})
    rows = {phrase: [one for one in scored if one.phrase == phrase] for phrase in phrases}
    return {
        "phrases": {phrase: _facts(rows[phrase]) for phrase in phrases},
        "worst": {metric: _worst_phrase(metric, phrases, figures) for metric in METRICS},
        "iou_thresholds": THRESHOLDS.tolist(),
        "iou_best_threshold": _best_threshold(scored),
    }


def phrase_record(one: ScoredPhrase) -> dict[str, Any]:  # Any: JSON
    """Return one scored phrase as a row for programs."""
    return {
        "image": str(one.image),
        "patient_id": one.patient,
        "phrase": one.phrase,
        "words": one.words,
        "context": one.context,
        "center_prior": one.prior,
        "scores": {
            variant: {
                "pointing_game": scores.pointing_game,
                "cnr": scores.cnr,
                f"iou_at_{FIXED_THRESHOLD}": float(scores.iou[FIXED]),
            }
            for variant, scores in one.scores.items()
        },
    }


def _defined(
    scored: Sequence[ScoredPhrase],
    columns_of: Callable[[MapScores], Columns | None],
    variants: Sequence[Variant],
) -> tuple[list[ScoredPhrase], list[np.ndarray]]:
    """Return the phrases for which all variants have a value, and these values by variant."""
    kept, values = [], []
    for one in scored:
        columns = [columns_of(one.scores[v]) for v in variants if v in one.scores]
        defined = [value for value in columns if value is not None]
        if len(defined) == len(variants):
            kept.append(one)
            values.append(defined)
    return kept, [np.array([row[place] for row in values]) for place in range(len(variants))]


def _measures(
    name: str, phrases: Sequence[str], kept: Sequence[ScoredPhrase], metric: _BesideChance
) -> dict[str, Measure]:
    """Measure all rows, the worst phrase, and each phrase."""
    names = [name, f"{name}_worst", *(f"{name}/{phrase}" for phrase in phrases)]
    measures = dict.fromkeys(names, Measure(_undefined, (), chance=None))
    if not kept:
        return measures
    patients = [one.patient for one in kept]
    numbers = np.array([phrases.index(one.phrase) for one in kept], dtype=np.int64)
    measures[name] = metric.measure(patients)
    measures[f"{name}_worst"] = metric.worst_of(numbers).measure(patients)
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        inside = metric.within(rows).measure([patients[row] for row in rows])
        measures[f"{name}/{phrases[number]}"] = inside
    return measures


def _undefined(rows: Rows) -> None:
    return None


def _best_mean(values: Float[np.ndarray, "all columns"], rows: Rows) -> float:
    return float(values[rows].mean(axis=0).max())


def _lead(model: np.ndarray, prior: np.ndarray, rows: Rows) -> float:
    return _best_mean(model, rows) - _best_mean(prior, rows)


def _no_lead(rows: Rows) -> float:
    return 0.0


def _least(value_of: Statistic, groups: Int[np.ndarray, " all"], rows: Rows) -> float:
    present = groups[rows]
    return min(value_of(rows[present == group]) for group in np.unique(present))


def _facts(rows: Sequence[ScoredPhrase]) -> dict[str, Any]:  # Any: JSON
    return {
        "words": rows[0].words,
        "context": Counter(one.context for one in rows),
        "center_prior": Counter(one.prior for one in rows),
        "iou_best_threshold": _best_threshold(rows),
    }


def _best_threshold(rows: Sequence[ScoredPhrase]) -> float | None:
    if not rows:
        return None
    mean = np.mean([one.scores["model"].iou for one in rows], axis=0)
    return float(THRESHOLDS[int(mean.argmax())])


def _worst_phrase(metric: str, phrases: Sequence[str], figures: dict[str, Figure]) -> str | None:
    values = {phrase: figures[f"{metric}/{phrase}"].value for phrase in phrases}
    defined = {phrase: value for phrase, value in values.items() if value is not None}
    return min(defined, key=defined.__getitem__) if defined else None

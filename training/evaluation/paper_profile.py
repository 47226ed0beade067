"""The profile `aga_paper`: the rule that explains the paper's Tables 5 and 6 (decision 0025).

Each class's similarities are standardized over the test rows and decided for above one half; ACC,
F1 and AUC are taken one class against the rest and averaged. A network that knows nothing reaches
61.5, 24.3 and 50.0 % on five balanced classes: no figure of this profile means anything without its
chance, which is computed here from the class shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
from jaxtyping import Bool, Float

from models.prompts import PromptSet
from training.evaluation.statistics import Measure
from training.evaluation.zero_shot import accuracy, auroc, f1, macro
from training.evaluation.zero_shot_cases import Cases, Labels, labelled_cases, single_cases

THRESHOLD = 0.5  # in standard deviations of a class's column
ABOVE = NormalDist().cdf(-THRESHOLD)  # .3085, how often a column without any signal says yes


@dataclass(frozen=True)
class PaperChance:
    """What a network that knows nothing reaches on average."""

    accuracy: float
    f1: float
    auc: float = 0.5


def paper_measures(
    similarity: Float[np.ndarray, "rows classes"],
    against: Float[np.ndarray, "rows classes"] | None,
    labels: Labels,
    patients: Sequence[str],
    *,
    prompts: PromptSet,
) -> dict[str, Measure]:
    """Return the profile's three figures; none where no row can be counted.

    Args:
        similarity: of each image with what speaks for each class.
        against: with what speaks against a yes-no finding, which thereby gives two columns, the
            second true where the first is not; None where classes compete.
    """
    if against is None:
        cases = single_cases(similarity, labels, patients, classes=prompts.labels)
    else:
        one = labelled_cases(similarity, labels, patients, classes=prompts.labels)
        other = labelled_cases(against, labels, patients, classes=prompts.labels)
        columns, truth = [one.columns, other.columns], [one.truth, ~one.truth]
        cases = Cases(np.hstack(columns), np.hstack(truth), one.patients)
    if not cases.patients:
        return {}
    chance = paper_chance(cases.shares())
    return {
        "aga_paper_accuracy": cases.measure(_accuracy, chance=chance.accuracy),
        "aga_paper_macro_f1": cases.measure(_macro_f1, chance=chance.f1),
        "aga_paper_macro_auc": cases.measure(partial(macro, auroc), chance=chance.auc),
    }


def paper_chance(shares: Float[np.ndarray, " columns"]) -> PaperChance:
    """Return chance from how often each column is true: p = P(z > .5) of them are decided for."""
    right = shares * ABOVE + (1 - shares) * (1 - ABOVE)
    present = shares[shares > 0]  # F1 is not defined elsewhere
    harmonic = 2 * present * ABOVE / (present + ABOVE)
    return PaperChance(accuracy=float(right.mean()), f1=float(harmonic.mean()))


def standardized_decisions(
    columns: Float[np.ndarray, "rows columns"],
) -> Bool[np.ndarray, "rows columns"]:
    """Decide where a column stands half a deviation above its mean; a flat one, nowhere."""
    above = columns - columns.mean(axis=0) > THRESHOLD * columns.std(axis=0)
    return np.asarray(above & (np.ptp(columns, axis=0) > 0))  # a flat mean may be off by a rounding


def _accuracy(columns: np.ndarray, truth: np.ndarray) -> float:
    return accuracy(standardized_decisions(columns), truth)


def _macro_f1(columns: np.ndarray, truth: np.ndarray) -> float | None:
    return macro(f1, standardized_decisions(columns), truth)

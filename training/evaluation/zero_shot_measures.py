"""Zero-shot measures: how well classes are ranked and decided by their prompts (section 4.2.3).

Chance is what the best guess that ignores the image reaches. With share s of a class: s or 1 - s
for the accuracy of a yes-no finding, 2 s / (1 + s) for its F1 (always yes), the commonest class's s
for the accuracy of competing classes, and 1 / classes for their macro F1 (each class guessed as
often as it occurs) and balanced accuracy (any guess).
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from jaxtyping import Float

from models.prompts import PromptSet
from training.evaluation.statistics import Measure
from training.evaluation.zero_shot import (
    accuracy,
    auroc,
    balanced_accuracy,
    best_classes,
    f1,
    macro,
    recall,
    top_1_accuracy,
)
from training.evaluation.zero_shot_cases import Cases, Labels, labelled_cases, single_cases

Measures = dict[str, Measure]


def zero_shot_measures(
    scores: Float[np.ndarray, "rows classes"],
    labels: Labels,
    patients: Sequence[str],
    *,
    prompts: PromptSet,
) -> Measures:
    """Return AUROC, accuracy, F1 and balanced accuracy, means over the classes; two of each class.

    AUROC counts the rows with a label, of the prompts' classes or another. Where classes compete,
    the best one is decided for, and only rows with one label of the classes count; a yes-no finding
    is decided for where its probability exceeds one half.

    Args:
        scores: probabilities of yes-no findings; any scores of classes that compete.
    """
    ranked = labelled_cases(scores, labels, patients, classes=prompts.labels)
    measures = {"zero_shot_macro_auroc": ranked.measure(partial(macro, auroc), chance=0.5)}
    if prompts.mode == "classes":
        decided = single_cases(best_classes(scores), labels, patients, classes=prompts.labels)
        measures |= _of_classes(decided)
    else:
        decided = labelled_cases(scores > 0.5, labels, patients, classes=prompts.labels)
        measures |= _of_findings(decided)
    for place, name in enumerate(prompts.labels):
        measures[f"zero_shot_auroc/{name}"] = ranked.measure_class(auroc, place, chance=0.5)
    for place, (name, share) in enumerate(zip(prompts.labels, decided.shares(), strict=True)):
        always = float(2 * share / (1 + share)) if share > 0 else None
        measures[f"zero_shot_f1/{name}"] = decided.measure_class(f1, place, chance=always)
    return measures


def _of_classes(decided: Cases) -> Measures:
    """Measure decisions for one of several classes."""
    shares = decided.shares()
    commonest = float(shares.max()) if shares.any() else None
    even = float(1 / (shares > 0).sum()) if shares.any() else None
    return {
        "zero_shot_accuracy": decided.measure(top_1_accuracy, chance=commonest),
        "zero_shot_macro_f1": decided.measure(partial(macro, f1), chance=even),
        "zero_shot_balanced_accuracy": decided.measure(partial(macro, recall), chance=even),
    }


def _of_findings(decided: Cases) -> Measures:
    """Measure yes-no decisions; each figure is a mean over the findings."""
    shares = decided.shares()
    present = shares[shares > 0]
    commoner = float(np.maximum(shares, 1 - shares).mean()) if decided.patients else None
    always = float((2 * present / (1 + present)).mean()) if len(present) else None
    return {
        "zero_shot_accuracy": decided.measure(accuracy, chance=commoner),
        "zero_shot_macro_f1": decided.measure(partial(macro, f1), chance=always),
        "zero_shot_balanced_accuracy": decided.measure(
            partial(macro, balanced_accuracy), chance=0.5
        ),
    }

"""What a recipe reached on a set: spread over its seeds, and tests against the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.comparison.measuring import RunMeasures
from training.evaluation.statistics import (
    Difference,
    Spread,
    holm,
    paired_difference,
    spread_over_seeds,
)

TESTED = ("precision_at_5", "recall_at_10", "zero_shot_macro_auroc")  # few, to correct for few


@dataclass(frozen=True)
class Outcome:
    """One recipe on one set."""

    pairs: int
    seeds: int
    spreads: Mapping[str, Spread]
    chance: Mapping[str, float | None]
    differences: Mapping[str, Difference]  # from the reference, of the tested metrics
    p_values: Mapping[str, float | None]  # corrected over the recipes of the set


Outcomes = Mapping[tuple[str, str], Outcome]  # by set and recipe


def outcomes_of(runs: Mapping[str, Sequence[RunMeasures]], *, reference: str) -> dict[str, Outcome]:
    """Summarize a set's runs, recipe by recipe.

    Args:
        runs: by recipe, one for each seed.
        reference: the recipe that the others are tested against.
    """
    differences = {
        recipe: _differences(of_recipe, runs[reference])
        for recipe, of_recipe in runs.items()
        if recipe != reference
    }
    corrected = _corrected(differences)
    return {
        recipe: _outcome(of_recipe, differences.get(recipe, {}), corrected.get(recipe, {}))
        for recipe, of_recipe in runs.items()
    }


def _outcome(
    runs: Sequence[RunMeasures],
    differences: Mapping[str, Difference],
    p_values: Mapping[str, float | None],
) -> Outcome:
    names = runs[0].figures
    return Outcome(
        pairs=len(runs[0].images),
        seeds=len(runs),
        spreads={
            name: spread_over_seeds([run.figures[name].value for run in runs]) for name in names
        },
        chance={name: figure.chance for name, figure in names.items()},
        differences=differences,
        p_values=p_values,
    )


def _differences(
    ours: Sequence[RunMeasures], theirs: Sequence[RunMeasures]
) -> dict[str, Difference]:
    """Pair both recipes' runs query by query."""
    return {
        name: paired_difference(
            [run.measures[name] for run in ours], [run.measures[name] for run in theirs]
        )
        for name in TESTED
        if name in theirs[0].measures
    }


def _corrected(
    differences: Mapping[str, Mapping[str, Difference]],
) -> dict[str, dict[str, float | None]]:
    """Correct each metric's p values for the number of recipes that it is tested of."""
    corrected: dict[str, dict[str, float | None]] = {recipe: {} for recipe in differences}
    for name in TESTED:
        recipes = [recipe for recipe, of_recipe in differences.items() if name in of_recipe]
        values = holm([differences[recipe][name].p for recipe in recipes])
        for recipe, p in zip(recipes, values, strict=True):
            corrected[recipe][name] = p
    return corrected

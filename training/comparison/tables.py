"""The tables of a comparison, in the form of the paper's: recipes by metrics, in percent."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from training.comparison.config import Comparison, TestSet
from training.comparison.outcomes import Outcome, Outcomes
from training.evaluation.label_probes import LINEAR, TUNED

SIGNIFICANT = 0.05  # after Holm's correction over the recipes of a set

RETRIEVAL = {
    "precision_at_5": "Prec@5",
    "precision_at_10": "Prec@10",
    "precision_at_100": "Prec@100",
    "recall_at_1": "R@1",
    "recall_at_5": "R@5",
    "recall_at_10": "R@10",
    "recall_at_10_report_to_image": "R@10, report to image",
    "median_rank": "median rank",
}
ZERO_SHOT = {
    "zero_shot_accuracy": "accuracy",
    "zero_shot_balanced_accuracy": "balanced accuracy",
    "zero_shot_macro_f1": "macro F1",
    "zero_shot_macro_auroc": "macro AUROC",
}
PAPER_RULE = {
    "aga_paper_accuracy": "ACC",
    "aga_paper_macro_f1": "F1",
    "aga_paper_macro_auc": "ROC",
}
TEXTS = {
    "negation_present": "finding there",
    "negation_absent": "finding absent",
    "laterality": "left or right",
    "word_order": "order of words",
    "mismatched_recall": "R@10 of another's report",
}
NOT_IN_PERCENT = frozenset({"median_rank"})


@dataclass(frozen=True)
class Table:
    """One table: its file's stem, what it shows, and its cells."""

    stem: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def markdown(self) -> str:
        """The table in Markdown, under its title."""
        body = tabulate(self.rows, self.head, tablefmt="github", disable_numparse=True)
        return f"**{self.title}**\n\n{body}"

    @property
    def latex(self) -> str:
        """The table in LaTeX, for the package booktabs."""
        return tabulate(self.rows, self.head, tablefmt="latex_booktabs", disable_numparse=True)

    @property
    def csv(self) -> str:
        """The table as comma-separated values."""
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows([self.head, *self.rows])
        return file.getvalue()


def tables_of(comparison: Comparison, outcomes: Outcomes) -> list[Table]:
    """Lay out what was measured, set by set."""
    tables = []
    for name, settings in comparison.sets.items():
        for kind, columns in _kinds(settings).items():
            tables.append(_table(name, settings, kind, columns, comparison.recipes, outcomes))
        if settings.retrieval and comparison.ablations:
            shown = comparison.ablations | named_reference(comparison)
            tables.append(_table(name, settings, "ablations", RETRIEVAL, shown, outcomes))
    return tables


def write_tables(tables: Sequence[Table], folder: Path) -> None:
    """Write every table as Markdown, CSV and LaTeX."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        (folder / f"{table.stem}.md").write_text(table.markdown + "\n", "utf-8")
        (folder / f"{table.stem}.csv").write_text(table.csv, "utf-8")
        (folder / f"{table.stem}.tex").write_text(table.latex + "\n", "utf-8")


def named_reference(comparison: Comparison) -> dict[str, str]:
    """Return the reference by the name that the tables give it."""
    named = (comparison.recipes | comparison.ablations).items()
    return {title: recipe for title, recipe in named if recipe == comparison.reference}


def _kinds(settings: TestSet) -> dict[str, dict[str, str]]:
    """Name the tables that a set gives, each with its metrics and their titles."""
    kinds: dict[str, dict[str, str]] = {}
    if settings.retrieval:
        kinds["retrieval"] = RETRIEVAL
    for kind, metric, shares in (
        ("linear probe, AUROC", LINEAR, settings.probe),
        ("fine-tuning, AUROC", TUNED, settings.fine_tune),
    ):
        if shares:
            kinds[kind] = {f"{metric}/{share:g}": f"{share:.0%} of the labels" for share in shares}
    if settings.prompts:
        kinds |= {"zero-shot": ZERO_SHOT, "zero-shot by the paper's rule": PAPER_RULE}
    if settings.texts:
        kinds["text probes"] = TEXTS
    return kinds


def _table(
    name: str,
    settings: TestSet,
    kind: str,
    columns: Mapping[str, str],
    recipes: Mapping[str, str],
    outcomes: Outcomes,
) -> Table:
    found = {title: outcomes[name, Path(recipe).stem] for title, recipe in recipes.items()}
    first = next(iter(found.values()))
    shown = {metric: title for metric, title in columns.items() if metric in first.spreads}
    rows = [
        (title, *(_cell(metric, outcome) for metric in shown)) for title, outcome in found.items()
    ]
    chance = ("chance", *(_number(metric, first.chance[metric]) for metric in shown))
    like = f" (as {settings.like})" if settings.like else ""
    return Table(
        stem=f"{name}-{kind}".replace(",", "").replace("'", "").replace(" ", "-"),
        title=f"{name}: {kind}{like}; {first.pairs} pairs, {first.seeds} seeds",
        head=("method", *shown.values()),
        rows=(*rows, chance),
    )


def _cell(metric: str, outcome: Outcome) -> str:
    """Show mean and deviation over the seeds; a star where it differs from the reference."""
    spread = outcome.spreads[metric]
    text = _number(metric, spread.mean)
    if 0 < spread.n < outcome.seeds:
        text += f" (of {spread.n} seeds)"  # the others left it undefined
    if spread.deviation is not None:
        text += f" ± {_number(metric, spread.deviation)}"
    p = outcome.p_values.get(metric)
    return f"{text} *" if p is not None and p < SIGNIFICANT else text


def _number(metric: str, value: float | None) -> str:
    if value is None:
        return "undefined"
    return f"{value:.1f}" if metric in NOT_IN_PERCENT else f"{100 * value:.1f}"

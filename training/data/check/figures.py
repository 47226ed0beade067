"""The figures of a manifest as tables, which the text and the page lay out each in its way."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from training.data.check.survey import Rows, Survey, Tally
from training.data.manifest import SPLITS

SHOWN = 40  # classes, columns
QUANTILES = {"least": 0.0, "5 %": 0.05, "median": 0.5, "95 %": 0.95, "99 %": 0.99, "most": 1.0}
BINS = 10
USES = {
    "image": "the picture",
    "frame": "which one of a file of several",
    "report": "the text to learn from",
    "study_id": "rows of one study are no negatives of each other",
    "patient_id": "splits and intervals go by it",
    "split": "train, validation or test",
    "label": "classes to evaluate by",
    "labels": "classes to evaluate by",
    "boxes": "regions to evaluate maps by",
    "masks": "regions to evaluate maps by",
    "findings": "a section of the report (--text-column findings)",
    "impression": "a section of the report (--text-column impression)",
}

Cell = str | int


@dataclass(frozen=True)
class Table:
    """Rows of figures."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    bar: int | None = None  # the column of numbers that a page draws as bars
    remark: str = ""


def tables_of(survey: Survey, *, max_pieces: int) -> list[Table]:
    """Lay out what a manifest holds; a table of nothing is left out."""
    rows = survey.rows
    tables = [_splits(rows), _classes(survey), _lengths(rows), _pieces(rows, max_pieces)]
    tables += [_histogram(rows), _sizes(rows), _formats(survey), _columns(survey)]
    return [table for table in tables if table.rows]


def percent(part: int, whole: int) -> str:
    """Write a share for people, so that some is never nothing and not all is never all."""
    if 0 < part < whole:
        return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"
    return "0 %" if not part else "100 %"


def _splits(rows: Rows) -> Table:
    wholly = np.ones(len(rows), dtype=bool)
    parts = {name: rows["split"] == split for split, name in enumerate(SPLITS)} | {"all": wholly}
    body = tuple((name, *_sizes_of(rows, part)) for name, part in parts.items())
    head = ("split", "pairs", "share", "studies", "patients", "distinct reports")
    return Table("Splits", head, body if len(rows) else ())


def _sizes_of(rows: Rows, part: Bool[np.ndarray, " rows"]) -> tuple[Cell, ...]:
    written = part & (rows["words"] > 0)
    digests = rows["study"][part], rows["patient"][part], rows["report"][written]
    pairs = int(part.sum())
    return (pairs, percent(pairs, len(rows)), *(len(np.unique(column)) for column in digests))


def _classes(survey: Survey) -> Table:
    tally, rows = survey.labels, survey.rows
    sizes = [int((rows["split"] == split).sum()) for split in range(len(SPLITS))]
    counted = {
        name: [tally.counts[name, split] for split in range(len(SPLITS))]
        for name in tally.names()[:SHOWN]
    }
    bare = [int(((rows["label"] < 0) & (rows["split"] == at)).sum()) for at in range(len(SPLITS))]
    if counted and any(bare):
        counted["(no label)"] = bare
    body: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *map(_share, counts, sizes), sum(counts), percent(sum(counts), len(rows)))
        for name, counts in counted.items()
    )
    more = len(tally.number_of) - SHOWN
    remark = f"{more:,} rarer ones are left out." if more > 0 else ""
    return Table("Classes", ("class", *SPLITS, "all", "share"), body, bar=4, remark=remark)


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({percent(part, whole)})" if part else "0"


def _lengths(rows: Rows) -> Table:
    written = rows["words"] > 0
    body = tuple(
        (unit, *quantiles(rows[unit][written]))
        for unit in ("words", "pieces")
        if rows[unit][written].any()
    )
    remark = "Words stand between blanks; pieces are the tokenizer's, special ones included."
    return Table("Length of reports", ("", *QUANTILES), body, remark=remark)


def _pieces(rows: Rows, max_pieces: int) -> Table:
    written = rows["words"] > 0
    words, pieces = rows["words"].sum(), rows["pieces"][written].sum()
    if not pieces:
        return Table("Tokenizer", (), ())
    unknown = int(rows["unknown"].sum())
    longer = int((rows["pieces"] > max_pieces).sum())
    body = (
        ("pieces per word, special ones included", f"{pieces / words:.2f}"),
        ("unknown pieces", _share(unknown, int(pieces))),
        ("reports with an unknown piece", int((rows["unknown"] > 0).sum())),
        (f"reports cut at {max_pieces} pieces", _share(longer, int(written.sum()))),
    )
    return Table("Tokenizer", ("figure", "value"), body)


def _histogram(rows: Rows) -> Table:
    words = rows["words"][rows["words"] > 0]
    if not len(words):
        return Table("Reports by length", (), ())
    step = max(1, -(-int(np.quantile(words, 0.99)) // BINS))
    counts = np.bincount(np.minimum((words - 1) // step, BINS), minlength=BINS + 1)
    names = [f"{step * at + 1} to {step * (at + 1)}" for at in range(BINS)]
    names.append(f"over {step * BINS}")
    body = tuple(zip(names, counts.tolist(), strict=True))
    return Table("Reports by length", ("words", "reports"), body, bar=1)


def _sizes(rows: Rows) -> Table:
    title, head = "Size of images in pixels", ("", *QUANTILES)
    seen = rows["width"] > 0
    if not seen.any():
        return Table(title, head, ())
    sides = np.stack([rows["width"][seen], rows["height"][seen]])
    body: tuple[tuple[Cell, ...], ...] = (
        ("shorter side", *quantiles(sides.min(axis=0))),
        ("longer side", *quantiles(sides.max(axis=0))),
    )
    sizes, counts = np.unique(sides, axis=1, return_counts=True)
    width, height = sizes[:, counts.argmax()]
    often = percent(int(counts.max()), sides.shape[1])
    remark = f"Sizes: {len(counts):,}; the commonest is {width} x {height} ({often})."
    return Table(title, head, body, remark=remark)


def _formats(survey: Survey) -> Table:
    body = _counted(survey.formats, len(survey.rows))
    return Table("Files by ending", ("ending", "pairs", "share"), body, bar=1)


def _columns(survey: Survey) -> Table:
    uses = USES | {survey.text_column: USES["report"]}
    body = tuple(
        (*cells, uses.get(str(cells[0]), "metadata"))
        for cells in _counted(survey.columns, survey.read)
    )
    return Table("Columns", ("column", "rows with a value", "share", "use"), body)


def _counted(tally: Tally, whole: int) -> tuple[tuple[Cell, ...], ...]:
    names = tally.names()[:SHOWN]
    return tuple((name, tally.total(name), percent(tally.total(name), whole)) for name in names)


def quantiles(values: Int64[np.ndarray, " rows"]) -> list[int]:
    """Return the values at `QUANTILES`, each one that occurs."""
    found = np.quantile(values, list(QUANTILES.values()), method="inverted_cdf")
    return [int(value) for value in found]

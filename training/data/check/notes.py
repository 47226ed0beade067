"""What is worth knowing of a manifest and may be as it should: sentences with their figures."""

from collections.abc import Iterator

import numpy as np

from training.data.check.figures import percent
from training.data.check.survey import Indices, Rows, Survey, Tally
from training.data.manifest import SPLITS

SPECIAL = 2  # pieces before and behind a report
NAMED = 5  # classes in one sentence


def notes_of(survey: Survey, *, max_pieces: int) -> list[str]:
    """Return what a reader should know before training."""
    rows = survey.rows
    unreported = [] if survey.reported else [f"No row has a {survey.text_column} to learn from."]
    return [
        *unreported,
        *_splits_without_pairs(rows),
        *_classes_left_out(survey.labels, rows),
        *_repeated_reports(rows),
        *_long_reports(rows, max_pieces),
        *_unknown_pieces(rows),
    ]


def _splits_without_pairs(rows: Rows) -> Iterator[str]:
    empty = [name for split, name in enumerate(SPLITS) if not (rows["split"] == split).any()]
    if empty:
        yield f"No pairs in {' and '.join(empty)}."


def _classes_left_out(labels: Tally, rows: Rows) -> Iterator[str]:
    for split, name in enumerate(SPLITS):
        missing = [label for label in labels.names() if not labels.counts[label, split]]
        if missing and (rows["split"] == split).any():
            more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
            yield f"Classes without a pair in {name}: {', '.join(missing[:NAMED])}{more}."


def _repeated_reports(rows: Rows) -> Iterator[str]:
    """Count studies, as the images of one share their report."""
    kept = _one_row_per_study(rows)
    _, first, back, counts = np.unique(
        rows["report"][kept], return_index=True, return_inverse=True, return_counts=True
    )
    if (counts > 1).any():
        studies = rows["study"][kept]
        whole, repeated = len(np.unique(studies)), len(np.unique(studies[counts[back] > 1]))
        top = counts.argmax()
        yield (
            f"{repeated:,} of {whole:,} studies ({percent(repeated, whole)}) have a report that "
            f"another one has too, word for word. {len(counts):,} reports differ; the commonest "
            f"stands in {counts[top]:,} studies, first in row "
            f"{rows['number'][kept[first[top]]]}."
        )


def _one_row_per_study(rows: Rows) -> Indices:
    """Return the first row of each study, and of each further report that it has."""
    written = np.flatnonzero(rows["words"])
    study, report = rows["study"][written], rows["report"][written]
    order = np.lexsort((report, study))
    again = np.zeros(len(written), dtype=bool)
    again[1:] = (np.diff(study[order]) == 0) & (np.diff(report[order]) == 0)
    return np.sort(written[order[~again]])


def _long_reports(rows: Rows, max_pieces: int) -> Iterator[str]:
    if rows["pieces"].any():
        long = int((rows["pieces"] > max_pieces).sum())
        what = f"more than {max_pieces} pieces; what stands behind is not read"
    else:
        most = max_pieces - SPECIAL
        long = int((rows["words"] > most).sum())
        what = (
            f"more than {most} words, and so more than the {max_pieces} pieces that a model reads "
            "by default; --checkpoint or --tokenizer counts pieces"
        )
    if long:
        yield f"{_of(long, rows)} have {what}."


def _unknown_pieces(rows: Rows) -> Iterator[str]:
    unknown = int((rows["unknown"] > 0).sum())
    if unknown:
        yield f"{_of(unknown, rows)} have a piece that the tokenizer does not know."


def _of(part: int, rows: Rows) -> str:
    whole = int(np.count_nonzero(rows["words"]))
    return f"{part:,} of {whole:,} reports ({percent(part, whole)})"

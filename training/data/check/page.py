"""A checked manifest as one HTML file: figures, problems, samples, and images that look alike."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from models.manifest import read_rows
from training.data.check.findings import Kind
from training.data.check.pictures import thumbnail
from training.data.check.report import Report
from training.data.check.survey import Survey
from training.data.check.text import summary_of
from training.data.manifest import SPLITS, ImageReportPair, pair_of

SAMPLES = 8  # of each split
NEAR_PAIRS = 24
CHARACTERS = 600  # of a report


@dataclass(frozen=True)
class Card:
    """A row to look at."""

    row: int
    split: str
    labels: str
    study: str
    report: str
    image: str  # a data URI; empty where no image was read


def page_of(report: Report) -> str:
    """Return a page that needs no other file and no network; what manifests say is escaped."""
    sampled = {name: _sample(report.survey, split) for split, name in enumerate(SPLITS)}
    near_pairs = report.near_pairs[:NEAR_PAIRS]
    wanted = {row for rows in sampled.values() for row in rows}
    wanted |= {row for pair in near_pairs for row in (pair.row, pair.other)}
    cards = _cards(report.survey, wanted)
    pages = Environment(
        loader=PackageLoader("training.data.check", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("page.html").render(
        report=report,
        summary=summary_of(report),
        kinds=[kind for kind in Kind if report.findings.counts[kind]],
        samples={name: [cards[row] for row in rows] for name, rows in sampled.items() if rows},
        near_pairs=[(cards[pair.other], cards[pair.row], pair.distance) for pair in near_pairs],
    )


def _sample(survey: Survey, split: int) -> list[int]:
    """Draw rows of a split evenly over its classes, and over the manifest within each."""
    rows = survey.rows[survey.rows["split"] == split]
    by_class = rows["number"][np.argsort(rows["label"], kind="stable")]
    places = np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(int)
    return [int(number) for number in by_class[places]]


def _cards(survey: Survey, wanted: Iterable[int]) -> dict[int, Card]:
    """Read the manifest again for the rows that are shown."""
    missing = set(wanted)
    seen = set(survey.rows["number"][survey.rows["width"] > 0].tolist())
    cards: dict[int, Card] = {}
    for number, row in enumerate(read_rows(survey.manifest), start=1):
        if not missing:
            break
        if number in missing:
            missing.remove(number)
            column = survey.text_column
            pair = pair_of(
                row, survey.manifest, number=number, text_column=column, with_report=False
            )
            cards[number] = _card(pair, number, image=number in seen)
    return cards


def _card(pair: ImageReportPair, number: int, *, image: bool) -> Card:
    text = pair.report
    return Card(
        row=number,
        split=pair.split,
        labels=", ".join(sorted(pair.labels or ())),
        study=pair.study_id,
        report=text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]} …",
        image=thumbnail(pair) if image else "",
    )

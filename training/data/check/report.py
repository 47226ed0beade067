"""Check a manifest: what it holds, what is wrong with it, and what is worth knowing."""

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from models.config import TextEncoderConfig
from models.tokenizing import ReportTokenizer
from training.data.check.figures import Table, tables_of
from training.data.check.findings import Findings
from training.data.check.leaks import NearPair, find_leaks
from training.data.check.notes import notes_of
from training.data.check.survey import Survey, survey_manifest


@dataclass(frozen=True)
class Report:
    """What a check found."""

    survey: Survey
    findings: Findings
    near_pairs: list[NearPair]
    notes: list[str]
    tables: list[Table]


def check_manifest(
    manifest: Path,
    *,
    text_column: str = "report",
    tokenizer: ReportTokenizer | None = None,
    images: bool = True,
    listing: TextIO | None = None,
) -> Report:
    """Read a manifest and, unless told otherwise, its images.

    Args:
        listing: takes every problem and warning, a line each; the report keeps the first of a kind.

    Raises:
        ManifestError: there is no such manifest, or it is of an unknown kind.
    """
    findings = Findings(listing)
    survey = survey_manifest(
        manifest, findings, text_column=text_column, tokenizer=tokenizer, images=images
    )
    near_pairs = find_leaks(survey.rows, findings)
    cut = tokenizer.max_pieces if tokenizer else TextEncoderConfig().max_pieces
    notes, tables = notes_of(survey, max_pieces=cut), tables_of(survey, max_pieces=cut)
    return Report(survey, findings, near_pairs, notes, tables)

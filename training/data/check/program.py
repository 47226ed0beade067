"""The command `python -m training.data check`: a report of a manifest, as text and as a page."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from models.checkpoint import open_checkpoint
from models.config import TextEncoderConfig
from models.manifest import ManifestError
from models.tokenizing import ReportTokenizer
from training.data.check.page import page_of
from training.data.check.report import check_manifest
from training.data.check.text import text_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--text-column", default="report")
    pieces = parser.add_mutually_exclusive_group()
    pieces.add_argument("--checkpoint", type=Path, help="count the pieces of its tokenizer")
    pieces.add_argument("--tokenizer", type=Path, help="the same, of a tokenizer.json")
    parser.add_argument("--no-images", action="store_true", help="read no pixels")
    parser.add_argument("--list", type=Path, metavar="FILE", help="write every problem to a file")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with samples")


def check(arguments: argparse.Namespace) -> None:
    """Check a manifest and say what it holds.

    Raises:
        ManifestError: there is a problem.
    """
    for made in filter(None, (arguments.list, arguments.html)):
        made.parent.mkdir(parents=True, exist_ok=True)  # not after an hour of reading
    tokenizer = _tokenizer(arguments)
    with arguments.list.open("w", encoding="utf-8") if arguments.list else nullcontext() as listing:
        report = check_manifest(
            arguments.manifest,
            text_column=arguments.text_column,
            tokenizer=tokenizer,
            images=not arguments.no_images,
            listing=listing,
        )
    if arguments.html:
        arguments.html.write_text(page_of(report), "utf-8")
    sys.stdout.write(text_of(report))
    if report.findings.problems:
        raise ManifestError(f"{arguments.manifest}: {report.findings.problems:,} problems")


def _tokenizer(arguments: argparse.Namespace) -> ReportTokenizer | None:
    if arguments.checkpoint:
        return open_checkpoint(arguments.checkpoint).tokenizer()
    if not arguments.tokenizer:
        return None
    text = arguments.tokenizer.read_text("utf-8")
    try:
        return ReportTokenizer.from_json(text, max_pieces=TextEncoderConfig().max_pieces)
    except Exception as error:  # the library raises no narrower kind
        raise ManifestError(f"{arguments.tokenizer}: no tokenizer.json ({error})") from error

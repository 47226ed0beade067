"""Which part of a report is learned from: findings, impression, or both."""

from argparse import ArgumentParser
from collections.abc import Mapping

SECTIONS = ("both", "findings", "impression")


def add_section_option(parser: ArgumentParser) -> None:
    """Let a user choose what becomes the column `report`."""
    parser.add_argument(
        "--section",
        choices=SECTIONS,
        default="both",
        help="what becomes the report (both); findings and impression keep columns of their own",
    )


def report_of(sections: Mapping[str, str], section: str) -> str:
    """Return what is asked for of a report's sections, or nothing where they lack it."""
    wanted = ("findings", "impression") if section == "both" else (section,)
    return " ".join(sections[name] for name in wanted if sections.get(name))

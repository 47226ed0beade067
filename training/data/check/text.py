"""A checked manifest as text for a terminal."""

from collections.abc import Iterator

from tabulate import tabulate

from training.data.check.figures import Table
from training.data.check.findings import Kind
from training.data.check.report import Report


def text_of(report: Report) -> str:
    """Lay a report out: figures first, so that what is wrong ends next to the prompt."""
    parts = [*map(_table, report.tables), *_notes(report)]
    parts += [*_findings(report, warnings=True), *_findings(report, warnings=False)]
    return "\n".join([*parts, summary_of(report)]) + "\n"


def summary_of(report: Report) -> str:
    """Say in one line what came of it."""
    found = report.findings
    counts = (
        plural(report.survey.read, "row"),
        plural(found.problems, "problem"),
        plural(found.warnings, "warning"),
    )
    return f"{report.survey.manifest}: {', '.join(counts)}"


def _table(table: Table) -> str:
    body = tabulate(table.rows, table.head, tablefmt="simple", intfmt=",")
    remark = f"\n{table.remark}" if table.remark else ""
    return f"{table.title}\n\n{body}{remark}\n"


def _notes(report: Report) -> Iterator[str]:
    if report.notes:
        yield "Notes\n" + "".join(f"\n- {note}" for note in report.notes) + "\n"


def _findings(report: Report, *, warnings: bool) -> Iterator[str]:
    found = report.findings
    kinds = [kind for kind in Kind if found.counts[kind] and kind.warns == warnings]
    if kinds:
        yield "Warnings (to look at)\n" if warnings else "Problems\n"
    for kind in kinds:
        shown = found.first[kind]
        yield f"{kind.value}: {found.counts[kind]:,}"
        yield from (f"  {line}" for line in shown)
        if found.counts[kind] > len(shown):
            yield f"  and {found.counts[kind] - len(shown):,} more (--list FILE writes all)"
        yield ""


def plural(count: int, noun: str) -> str:
    """Write how many there are."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

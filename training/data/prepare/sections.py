"""Cut a radiology report into findings and impression (docs/decisions/0030-published-data.md).

A heading is a section's name in any case, leading a line with a colon or standing on it alone; the
same name in capitals with a colon anywhere; or any other capitals that lead a line up to a colon.
"""

import re
from collections import defaultdict

_FINDINGS = r"findings?(?:[ ]*(?:/|&|and)[ ]*impressions?)?"
_IMPRESSION = r"impressions?|conclusions?|opinion|interpretation"
_KNOWN = rf"{_FINDINGS}|{_IMPRESSION}"

_HEADING = re.compile(
    rf"""
    ^[ \t]*(?P<leading>(?i:{_KNOWN}))[ \t]*(?::|\r?$)
    | (?<=\s)(?P<inside>{_KNOWN.upper()}):
    | ^[ \t]*(?P<other>[A-Z][-A-Z0-9 ,/&().']{{2,60}}):
    """,
    re.MULTILINE | re.VERBOSE,
)
# What was imaged, in place of a heading: "CHEST, TWO VIEWS: The lungs are clear."
_VIEWS = re.compile(r"\b(?:CHEST|VIEWS?|RADIOGRAPHS?|FRONTAL|LATERAL|PORTABLE)\b")


def sections_of(report: str) -> dict[str, str]:
    """Return the findings and the impression, each in one line; one that is not there is left out.

    Several sections of a name are joined. Text before the first heading belongs to none.
    """
    parts: dict[str, list[str]] = defaultdict(list)
    headings = list(_HEADING.finditer(report))
    ends = [heading.start() for heading in headings[1:]] + [len(report)]
    for heading, end in zip(headings, ends, strict=False):  # without a heading there is an end
        parts[_section(heading)].append(report[heading.end() : end])
    texts = {name: " ".join(" ".join(part).split()) for name, part in parts.items()}
    found = {
        "findings": texts.get("findings") or texts.get("views", ""),
        "impression": texts.get("impression", ""),
    }
    return {name: text for name, text in found.items() if text}


def _section(heading: re.Match[str]) -> str:
    if other := heading["other"]:
        return "views" if _VIEWS.search(other) and not other.startswith("EXAM") else "other"
    name = heading["leading"] or heading["inside"]
    return "findings" if name.lower().startswith("finding") else "impression"

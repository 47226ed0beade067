"""Put a chest study into words, in several styles, without ever asserting what is absent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.data.phantom import chest_phrases as phrases
from training.data.phantom.chest_case import FINDINGS, MM_PER_UNIT, ChestCase, Finding
from training.data.phantom.people import stream

Style = Literal["terse", "prose", "structured"]
STYLES: tuple[Style, ...] = ("terse", "prose", "structured")
NEGATIONS = {"terse": (1, 3), "prose": (1, 3), "structured": (1, 4)}  # absent findings to name
DOUBT = 0.15  # share of findings that are reported with doubt
FEWEST_WORDS, MOST_WORDS = 10, 60


@dataclass(frozen=True)
class Report:
    """A report and the style it is written in."""

    text: str
    style: str


def write_chest_report(case: ChestCase) -> Report:
    """Report a study from its findings; the words depend on the row alone."""
    rng = stream(*case.key, "report")
    style = STYLES[int(rng.integers(len(STYLES)))]
    present = [_sentence(rng, finding, style) for finding in _by_weight(rng, case.findings)]
    absent = _absences(rng, case, style)
    text = {"terse": _terse, "prose": _prose, "structured": _structured}[style](
        rng, case, present, absent
    )
    return Report(_trimmed(_filled_up(rng, case, text)), style)


def _by_weight(rng: np.random.Generator, findings: Sequence[Finding]) -> list[Finding]:
    """Order the findings as people do: devices first or last, the rest at random."""
    order = rng.permutation(len(findings))
    return [findings[i] for i in order]


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _sentence(rng: np.random.Generator, finding: Finding, style: Style) -> str:
    """State one finding with its side, size and place."""
    doubtful = finding.label in phrases.DOUBTFUL and rng.random() < DOUBT
    if doubtful:
        pattern = _pick(rng, phrases.DOUBTFUL[finding.label])
    elif style == "terse":
        pattern = _pick(rng, phrases.SHORT[_topic(finding)])
    else:
        pattern = _pick(rng, phrases.LONG[_topic(finding)])
    return _capitalized(pattern.format(**_details(rng, finding)))


def _topic(finding: Finding) -> str:
    """Return the key of the phrases: the device itself, the kind of collapse, or the label."""
    return finding.variant or finding.label


def _details(rng: np.random.Generator, finding: Finding) -> dict[str, str]:
    """Return the words that a pattern may ask for."""
    ribs = {"upper": 3, "mid": 5, "lower": 7}[finding.zone]
    several = finding.grade != "small"
    last = ribs + {"small": 0, "moderate": 1, "large": 2}[finding.grade]
    ordinal = phrases.ORDINALS
    return {
        "side": finding.side,
        "zone": _pick(rng, phrases.ZONES[finding.zone]),
        "lobe": phrases.LOBES[finding.side, finding.zone],
        "size": _pick(rng, phrases.SIZES[finding.grade]),
        "grade": _pick(rng, phrases.GRADES[finding.grade]),
        "cm": f"{finding.extent * 2 * MM_PER_UNIT / 10:.1f} cm",
        "ribs": f"{ordinal[ribs]} to {ordinal[last]} ribs" if several else f"{ordinal[ribs]} rib",
        "plural": "s" if several else "",
        "are": "are" if several else "is",
    }


def _absences(rng: np.random.Generator, case: ChestCase, style: Style) -> list[str]:
    """Name a few absent findings and normal structures."""
    labels = {finding.label for finding in case.findings}
    free = [label for label in phrases.ABSENT if label not in labels]
    low, high = NEGATIONS[style]
    names = [free[i] for i in rng.permutation(len(free))[: int(rng.integers(low, high + 1))]]
    sentences = [_negation(rng, names)] if names else []
    normal = [n for n, needs in phrases.NORMAL.items() if not labels & needs]
    count = max(1, int(rng.integers(0, 3))) if not labels else int(rng.integers(0, 2))
    sentences += [normal[i] for i in rng.permutation(len(normal))[:count]]
    return sentences


def _negation(rng: np.random.Generator, labels: Sequence[str]) -> str:
    names = [_pick(rng, phrases.ABSENT[label]) for label in labels]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
    return _pick(rng, phrases.NEGATIONS).format(names=listed)


def _terse(rng: np.random.Generator, case: ChestCase, present: list[str], absent: list[str]) -> str:
    opening = [] if present else [_pick(rng, phrases.NOTHING)]
    return " ".join(opening + present + absent)


def _prose(rng: np.random.Generator, case: ChestCase, present: list[str], absent: list[str]) -> str:
    opening = _pick(rng, phrases.OPENINGS).format(view=case.exposure.view)
    body = present + absent
    if not present:
        body = [_pick(rng, phrases.NOTHING), *absent]
    elif rng.random() < 0.3:
        body = absent + present
    return " ".join([opening, *body] if rng.random() < 0.7 else body)


def _structured(
    rng: np.random.Generator, case: ChestCase, present: list[str], absent: list[str]
) -> str:
    labels = [finding.label for finding in case.findings if finding.label in FINDINGS]
    body = " ".join(present + absent) or _pick(rng, phrases.NOTHING)
    named = [phrases.NAMES.get(finding.variant, finding.label) for finding in case.findings]
    summary = _capitalized(", ".join(named)) + "." if labels else _pick(rng, phrases.NOTHING)
    return f"FINDINGS: {body} IMPRESSION: {summary}"


def _capitalized(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _filled_up(rng: np.random.Generator, case: ChestCase, text: str) -> str:
    """Say how the image was taken, and close, where a report would be too short."""
    if len(text.split()) < FEWEST_WORDS:
        text += " " + _pick(rng, phrases.CLOSINGS)
    if len(text.split()) < FEWEST_WORDS:
        text = _pick(rng, phrases.OPENINGS).format(view=case.exposure.view) + " " + text
    return text


def _trimmed(text: str) -> str:
    """Drop sentences from the end of the findings until the report is short enough."""
    body, mark, summary = text.partition(" IMPRESSION:")
    while len((body + mark + summary).split()) > MOST_WORDS:
        body = body[: body.rstrip(".").rindex(". ") + 1]
    return body + mark + summary

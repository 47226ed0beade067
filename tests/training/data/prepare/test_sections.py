"""Sections of reports: headings however they are written, and nothing lost or invented."""

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.data.prepare.sections import sections_of

FINAL = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___ year old with cough; question of pneumonia.

 FINDINGS:

 The lungs are clear.  No pleural
 effusion.

 IMPRESSION:

 1. No acute process.
 2. Follow up: as needed.
 NOTIFICATION:  Told to the ward at 3:14 PM.
"""


@pytest.mark.parametrize(
    ("report", "findings", "impression"),
    [
        (
            FINAL,
            "The lungs are clear. No pleural effusion.",
            "1. No acute process. 2. Follow up: as needed.",
        ),
        ("Findings: Clear.\nImpression: Normal.", "Clear.", "Normal."),
        ("findings\nClear.\nImpression\r\nNormal.", "Clear.", "Normal."),  # no colon, alone
        ("COMPARISON: None. FINDINGS: Clear. IMPRESSION: Normal.", "Clear.", "Normal."),
        ("FINDINGS: Clear.", "Clear.", None),
        ("IMPRESSION: Normal.", None, "Normal."),
        ("CONCLUSION: Normal.", None, "Normal."),
        ("FINDINGS/IMPRESSION: Clear.", "Clear.", None),
        ("Findings and impression:\nClear.", "Clear.", None),
        ("FINDINGS: Chest.\nIMPRESSION: One.\nFINDINGS: Abdomen.", "Chest. Abdomen.", "One."),
        ("A text before.\nFINDINGS: Clear.", "Clear.", None),
        ("FINDINGS:\n\nIMPRESSION: Normal.", None, "Normal."),  # empty
        ("CHEST, TWO VIEWS: Clear.\nIMPRESSION: Normal.", "Clear.", "Normal."),
        ("CHEST, TWO VIEWS: PA and lateral.\nFINDINGS: Clear.", "Clear.", None),
        ("EXAM: Chest.\nINDICATION: Cough.\n\nClear lungs.", None, None),
        ("The findings: clear, with an impression of calm.", None, None),  # words, no headings
        ("No heading at all.", None, None),
        ("", None, None),
    ],
)
def test_sections_are_cut_at_headings(
    report: str, findings: str | None, impression: str | None
) -> None:
    expected = {"findings": findings, "impression": impression}
    assert sections_of(report) == {name: text for name, text in expected.items() if text}


sentences = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz ,.0123456789\n", min_size=1).filter(str.strip),
    min_size=1,
    max_size=4,
).map(". ".join)
headings = st.sampled_from(("{}:", "{}: ", " {}:\n\n", "\t{}\n", " {} :\n"))
cases = st.sampled_from((str.upper, str.title, str.lower))


@given(findings=sentences, impression=sentences, heading=headings, case=cases)
def test_what_was_put_under_a_heading_is_found_there(
    findings: str, impression: str, heading: str, case: Callable[[str], str]
) -> None:
    taken = {"findings", "finding", "impression", "impressions", "conclusion", "opinion"}
    lines = {line.strip() for text in (findings, impression) for line in text.splitlines()}
    assume(not taken & lines)
    report = "\n".join(
        [
            "FINAL REPORT",
            "INDICATION: cough",
            heading.format(case("findings")) + findings,
            heading.format(case("impression")) + impression,
            "WET READ: none",
        ]
    )
    expected = {"findings": " ".join(findings.split()), "impression": " ".join(impression.split())}
    assert sections_of(report) == expected


@given(st.text(st.characters() | st.sampled_from("FINDINGS: IMPRESSION:\n"), max_size=200))
def test_no_word_is_invented(report: str) -> None:
    words = set(report.split())
    for name, text in sections_of(report).items():
        assert text, name
        assert text == " ".join(text.split())
        assert all(any(word in whole for whole in words) for word in text.split())

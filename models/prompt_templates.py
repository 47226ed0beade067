"""Prompts written as sentences with gaps: the cross product of the words that may fill each.

    templates: ["{severity} edema {place}"]
    words: {severity: [mild, severe], place: ["", of both lungs]}

stands for "mild edema", "mild edema of both lungs", "severe edema", "severe edema of both lungs".
"""

import re
from itertools import product
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

MOST_PROMPTS = 1000  # of one class or one side of a finding; a long list of gaps grows fast
GAP = re.compile(r"\{(.*?)\}")
Words = Annotated[list[str], Field(min_length=1)]


class PromptTemplates(BaseModel, frozen=True, extra="forbid"):
    """Sentences with `{gaps}`, and for each gap its words; an empty word leaves the gap out."""

    templates: Words
    words: dict[str, Words] = Field(min_length=1)

    @model_validator(mode="after")
    def _gaps_have_words(self) -> "PromptTemplates":
        gaps = {gap for template in self.templates for gap in GAP.findall(template)}
        if missing := sorted(gaps - set(self.words)):
            raise ValueError(f"no words for the gap {missing[0]!r}")
        if unused := sorted(set(self.words) - gaps):
            raise ValueError(f"no template has the gap {unused[0]!r}")
        return self

    def prompts(self) -> list[str]:
        """Fill every template with every choice of words; the last gap changes fastest.

        Raises:
            ValueError: there would be more than `MOST_PROMPTS`, or one without a word.
        """
        filled: dict[str, None] = {}  # two choices may read the same
        for template in self.templates:
            gaps = list(dict.fromkeys(GAP.findall(template)))
            for words in product(*(self.words[gap] for gap in gaps)):
                filled[_fill(template, dict(zip(gaps, words, strict=True)))] = None
                if len(filled) > MOST_PROMPTS:
                    raise ValueError(f"templates make more than {MOST_PROMPTS} prompts")
        if "" in filled:
            raise ValueError("a choice of words leaves the prompt empty")
        return list(filled)


def _fill(template: str, words: dict[str, str]) -> str:
    """Put words into the gaps; one space between words, none before a comma or a full stop."""
    text = " ".join(GAP.sub(lambda gap: words[gap[1]], template).split())
    return re.sub(r" ([,.;])", r"\1", text)

"""Templates make the cross product of their words, or say what is missing."""

import pytest
from pydantic import ValidationError

from models.prompt_templates import PromptTemplates


def made(*templates: str, **words: list[str]) -> list[str]:
    return PromptTemplates(templates=list(templates), words=words).prompts()


def test_every_choice_of_words_fills_every_template() -> None:
    prompts = made("{how} {what}", "{what}", how=["mild", "severe"], what=["edema", "effusion"])
    assert prompts == [
        "mild edema",
        "mild effusion",
        "severe edema",
        "severe effusion",
        "edema",
        "effusion",
    ]


def test_an_empty_word_leaves_no_trace() -> None:
    assert made("{how} mass {where}, large.", how=[""], where=["", "left"]) == [
        "mass, large.",
        "mass left, large.",
    ]


def test_a_gap_that_stands_twice_gets_one_word() -> None:
    assert made("{a} and {a}", a=["x", "y"]) == ["x and x", "y and y"]


def test_choices_that_read_the_same_count_once() -> None:
    assert made("{a} {b} y", a=["", "x"], b=["", "x"]) == ["y", "x y", "x x y"]


def test_words_are_not_templates_themselves() -> None:
    assert made("{a} {b}", a=["{b}"], b=["{0.real}"]) == ["{b} {0.real}"]


@pytest.mark.parametrize(("words", "gap"), [({"b": ["x"]}, "a"), ({"a": ["x"], "c": ["y"]}, "c")])
def test_gaps_and_words_must_fit(words: dict[str, list[str]], gap: str) -> None:
    with pytest.raises(ValidationError, match=f"'{gap}'"):
        PromptTemplates(templates=["the {a}"], words=words)


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        made("{a}", a=["edema", ""])


def test_too_many_prompts_are_refused_before_they_are_made() -> None:
    ten = [str(number) for number in range(10)]
    with pytest.raises(ValueError, match="more than 1000"):
        made("{a} {b} {c} {d} {e} {f} {g}", **dict.fromkeys("abcdefg", ten))

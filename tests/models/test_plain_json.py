"""JSON that can be written again, and why another is refused."""

import pytest

from models.plain_json import read_json


def test_values_come_as_they_stand() -> None:
    assert read_json('{"a": [1, 2.5, null, true, "\\ud83e\\ude7b"]}') == {
        "a": [1, 2.5, None, True, "\U0001fa7b"]
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("NaN", "NaN is no finite number"),
        ("[-1e999]", "-1e999 is no finite number"),
        ("1" * 400 + "e9", "1{20} is no finite number"),
        ('"\\ud800"', "surrogate"),
        ('{"\\udfff": 1}', "surrogate"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_written_again_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_json(text)

"""What is written: names of manifests, strict JSON."""

from pathlib import Path

import pytest

from training.config import ConfigError
from training.evaluation.results import distinct_names, strict_json


def test_a_manifest_is_named_by_as_little_of_its_path_as_tells_it_apart() -> None:
    assert distinct_names([Path("a/pairs.jsonl")]) == ["pairs"]
    assert distinct_names([Path("a/x.csv"), Path("a/y.csv")]) == ["x", "y"]
    assert distinct_names([Path("a/pairs.jsonl"), Path("b/pairs.jsonl")]) == ["a-pairs", "b-pairs"]


def test_the_same_manifest_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"pairs\.jsonl"):
        distinct_names([Path("pairs.jsonl"), Path("./pairs.jsonl")])


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        strict_json({"figure": float("nan")})

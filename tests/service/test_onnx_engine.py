"""How many cores the ONNX engine takes."""

import os

import pytest

from service.engine.onnx_engine import usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system binds no process")
def test_where_a_process_is_bound_to_cores_those_count() -> None:
    assert usable_cores() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(("cores", "taken"), [(6, 6), (None, 1)])
def test_a_system_that_binds_no_process_counts_all_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, taken: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert usable_cores() == taken

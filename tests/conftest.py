"""Shapes in signatures are checked while the tests run; production pays nothing."""

from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook(
    ["models", "training.losses", "training.objectives", "training.evaluation"],
    "beartype.beartype",
)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an untrained checkpoint with its ONNX graphs."""
    from tests.helpers import tiny_checkpoint

    return tiny_checkpoint(tmp_path_factory.mktemp("exported") / "checkpoint")

"""Shapes in signatures are checked while the tests run; production pays nothing."""

from jaxtyping import install_import_hook

install_import_hook(["models", "training.losses", "training.objectives"], "beartype.beartype")

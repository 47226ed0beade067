"""What the network computes: AGA's encoders, groups and checkpoints.

`import models` alone imports no torch: the names that need it load when first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.aga import AGA as AGA
    from models.aga import load_checkpoint as load_checkpoint
    from models.aga import save_checkpoint as save_checkpoint

__all__ = ["AGA", "load_checkpoint", "save_checkpoint"]


def __getattr__(name: str) -> Any:  # Any: the type of a lazily loaded public name
    if name not in __all__:
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    return getattr(importlib.import_module("models.aga"), name)

"""The encoders and groups behind one protocol, on ONNX Runtime or PyTorch."""

from models.checkpoint import Checkpoint
from service.engine.protocol import Engine


class EngineFault(ValueError):
    """The engine cannot run here; the message says what is missing."""


def open_engine(kind: str, checkpoint: Checkpoint) -> Engine:
    """Return the engine of a checkpoint; only the one asked for is imported.

    Raises:
        CheckpointError: the checkpoint lacks what the engine needs.
        EngineFault: PyTorch is asked for and not installed.
    """
    if kind == "torch":
        try:
            from service.engine.torch_engine import TorchEngine
        except ModuleNotFoundError as error:
            raise EngineFault(
                f"the torch engine needs {error.name}: pip install 'aga[train]', or use onnx"
            ) from error
        return TorchEngine(checkpoint)
    from service.engine.onnx_engine import OnnxEngine

    return OnnxEngine(checkpoint)

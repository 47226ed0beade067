"""The encoders and groups behind one protocol, on ONNX Runtime or PyTorch."""

from models.checkpoint import Checkpoint
from service.engine.protocol import Engine


def open_engine(kind: str, checkpoint: Checkpoint) -> Engine:
    """Return the engine of a checkpoint; only the one asked for is imported."""
    if kind == "torch":
        from service.engine.torch_engine import TorchEngine

        return TorchEngine(checkpoint)
    from service.engine.onnx_engine import OnnxEngine

    return OnnxEngine(checkpoint)

"""One optimization step: forward, losses, backward, clip, step; then the gates move."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from models.aga import AGA
from models.threshold_gate import ThresholdGate
from models.types import Alignment
from training.config import ConfigError, RunConfig
from training.data.batches import PairBatch
from training.objectives.common import Losses

REMEDY = "a lower optimization.learning_rate or clip_norm may help, or precision=fp32"


class Diverged(ConfigError):
    """Training left the range of numbers; the message names the settings that may help."""


@dataclass(frozen=True)
class Trainer:
    """What a step needs and what stays the same over a run; `make_trainer` makes it."""

    model: AGA
    objective: nn.Module  # what it may have to learn itself is in no checkpoint
    optimizer: Optimizer
    config: RunConfig
    device: torch.device

    def train(self, mode: bool = True) -> None:
        """Set network and objective to learn, or to be measured."""
        self.model.train(mode)
        self.objective.train(mode)

    def initialize_gates(self, batch: PairBatch) -> None:
        """Set gates without a value to the mean scaled similarity of the first batch."""
        with torch.no_grad():
            alignment = self._forward(batch)
        for gate, mean in _means(self.model, alignment):
            if not gate.is_set:
                gate.follow(mean)

    def step(self, batch: PairBatch) -> dict[str, float]:
        """Take one step on a batch and return its losses, thresholds and gradient norm.

        Raises:
            Diverged: the gradient is not finite; the weights are left as they were.
        """
        alignment, losses = self.losses(batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses["total"].backward()  # type: ignore[no-untyped-call]  # of torch
        norm = nn.utils.clip_grad_norm_(
            [*self.model.parameters(), *self.objective.parameters()],
            self.config.optimization.clip_norm,
        )
        if not torch.isfinite(norm):
            raise Diverged(f"the gradient is {float(norm)}; {REMEDY}")
        self.optimizer.step()
        self.model.image_encoder.center()
        if self.config.model.gates.kind == "momentum":
            for gate, mean in _means(self.model, alignment):
                gate.follow(mean)
        return {name: float(loss.detach()) for name, loss in losses.items()} | {
            "language_threshold": float(self.model.language_gate.threshold),
            "vision_threshold": float(self.model.vision_gate.threshold),
            "gradient_norm": float(norm),
        }

    def losses(self, batch: PairBatch) -> tuple[Alignment, Losses]:
        """Return the network's view of a batch and the losses."""
        alignment = self._forward(batch)
        losses: Losses = self.objective(alignment, excluded=batch.excluded.to(self.device))
        return alignment, losses

    def _forward(self, batch: PairBatch) -> Alignment:
        half = self.config.precision == "bf16"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            alignment: Alignment = self.model(*batch.inputs(self.device))
        return alignment


def make_trainer(model: AGA, config: RunConfig, device: torch.device) -> Trainer:
    """Make what a run's steps need, on a device.

    An objective's own weights are drawn after the network's: every method starts from the same.
    """
    model, objective = model.to(device), config.objective.build(config.model.dim).to(device)
    optimizer = _optimizer([*model.parameters(), *objective.parameters()], config)
    return Trainer(model, objective, optimizer, config, device)


def _optimizer(parameters: Sequence[nn.Parameter], config: RunConfig) -> Optimizer:
    """Make AdamW; biases and normalization scales do not decay."""
    decayed = [p for p in parameters if p.ndim > 1]
    plain = [p for p in parameters if p.ndim <= 1]
    settings = config.optimization
    return torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
    )


def _means(model: AGA, alignment: Alignment) -> list[tuple[ThresholdGate, torch.Tensor]]:
    pairs = [(model.language_gate, alignment.tgv), (model.vision_gate, alignment.pgl)]
    return [(gate, groups.mean) for gate, groups in pairs if groups.count > 0]

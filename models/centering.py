"""Keep convolutions looking around their middle: a unit answers for its place (decision 0028).

Nothing in a loss over patches ties what a unit says to the middle of what it sees. Kernels drift,
each by a fraction of a pixel of its map, and what they add up to differs from word to word.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

LEAST, MOST = 0.1, 10.0  # a side of a kernel that is all but dark is not blown up at once
TINY = 1e-12


@torch.no_grad()
def center_kernels(network: nn.Module) -> None:
    """Give the two sides of every kernel, along each axis, the same energy.

    The sign of a weight stays, so that edges are still told by their direction: what goes is that
    one side counts for more than the other. The training loop calls it after each step.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            for axis in (2, 3):
                _balance(module.weight, axis=axis)


def _balance(weight: Float[Tensor, "out into height width"], *, axis: int) -> None:
    size = weight.shape[axis]
    for low in range(size // 2):
        sides = weight.select(axis, low), weight.select(axis, size - 1 - low)
        energies = [side.pow(2).sum(dim=(1, 2)) for side in sides]
        even = (energies[0] + energies[1]) / 2
        for side, energy in zip(sides, energies, strict=True):
            factor = (even / energy.clamp_min(TINY)).sqrt().clamp(LEAST, MOST)
            side.mul_(factor[:, None, None])

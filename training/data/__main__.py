"""`python -m training.data`: see `training.data.program`."""

from training.data.program import main
from training.program import run

if __name__ == "__main__":
    run(main)

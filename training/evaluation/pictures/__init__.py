"""Pictures of runs and models, as PNG and SVG: Figs. 3 to 6 of the paper."""

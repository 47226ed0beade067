"""How AGA learns and how well: data, objectives, the pretraining program, evaluation."""

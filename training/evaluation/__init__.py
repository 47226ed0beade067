"""How well a checkpoint retrieves and classifies, with intervals and chance."""

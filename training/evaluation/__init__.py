"""How well a checkpoint retrieves, classifies and localizes, with intervals and chance."""

"""The corpora: catalogue, loaders, splits and the synthetic population."""

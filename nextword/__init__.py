"""The language model and the words it predicts."""

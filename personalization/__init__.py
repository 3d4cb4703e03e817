"""The device: all that happens beside a person's own text."""

"""The coordinator: it sees updates, never text."""

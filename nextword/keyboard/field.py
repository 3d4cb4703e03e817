"""A line to write in, whose keys are each done in their turn."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class Field(Input):
    """As `Writing` does: left to bubble up to the bindings, a key that deletes would come after letters typed later."""

    async def _on_key(self, event: events.Key) -> None:
        if not event.is_printable and await self.app._check_bindings(event.key):
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)

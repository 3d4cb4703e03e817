"""How the screen was left, so that it comes back as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import ValidationError

from nextword.keyboard.tally import Tally
from nextword.settings import Section


class State(Section):
    """What was written and not sent, which parts are shown, and the figures so far."""

    version: Literal[1] = 1
    draft: str = ""
    theme: str = ""
    keys: bool = True
    insight: bool = False
    tally: Tally = Tally()

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From `to_json`; what cannot be read, as of another version, is as at the first start."""
        try:
            return cls.model_validate(kept)
        except ValidationError:
            return cls()

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)

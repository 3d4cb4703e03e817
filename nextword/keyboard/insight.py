"""The panel of figures: what the bar saves, where its words come from, how sure it is, what would leave this device."""

from __future__ import annotations

from collections.abc import Sequence

from rich import filesize
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from nextword.keyboard.parts import Leaving, Offer
from nextword.keyboard.tally import Tally

_BAR = 10  # characters of a full bar
_SLOTS = ("left", "middle", "right")
_FROM = {
    "shared": "from everybody's model",
    "cluster": "from the model of people like you",
    "trained": "from the model trained on you",
    "own": "from your own words",
    "many": "from words of many people",
    "typed": "as you typed them",
}


class Insight(VerticalScroll):
    """Beside the conversation; hidden until it is asked for."""

    DEFAULT_CSS = """
    Insight { width: 38; padding: 0 1; border-left: vkey $primary; }
    Insight Static { height: auto; margin-bottom: 1; }
    """
    HELP = "What the bar has saved you, where its words came from, and what would leave this device."

    def __init__(self) -> None:
        super().__init__(can_focus=False)

    def compose(self) -> ComposeResult:
        yield Static(id="chances")
        yield Static(id="figures")
        yield Static(id="leaving")

    def show_offers(self, offers: Sequence[Offer]) -> None:
        """How probable each word of the bar is."""
        if not self.display:
            return
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, width=12)
        table.add_column(width=_BAR)
        table.add_column(justify="right", no_wrap=True, width=5)
        for offer in offers:
            filled = round(_BAR * offer.probability)
            bar = Text("\u2588" * filled, "green").append("\u2591" * (_BAR - filled), "dim")
            table.add_row(Text(offer.word, overflow="ellipsis"), bar, f"{100 * offer.probability:.0f} %")
        self.query_one("#chances", Static).update(table)

    def show_tally(self, tally: Tally) -> None:
        """The figures over all messages sent."""
        lines = [
            ("keys saved", f"{100 * tally.keys_saved:.1f} %"),
            ("words a minute", f"{tally.words_per_minute:.0f}"),
            ("messages, words", f"{tally.messages}, {tally.words}"),
            ("words offered in time", f"{100 * tally.share(tally.offered):.0f} %"),
            ("words taken", f"{100 * tally.share(tally.taken.total()):.0f} %"),
            *((f"  {name}", f"{100 * tally.share(tally.taken[slot]):.0f} %") for slot, name in enumerate(_SLOTS)),
            *((f"  {_FROM.get(name, name)}", str(times)) for name, times in tally.sources.most_common()),
        ]
        table = Table.grid(expand=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(justify="right", no_wrap=True, width=7)
        for line in lines:
            table.add_row(*line)
        self.query_one("#figures", Static).update(table)

    def show_leaving(self, leaving: Leaving) -> None:
        """What a federated round would take from here, and what it would not."""
        table = Table.grid(expand=True)
        table.add_column(overflow="fold", ratio=1)
        table.add_column(justify="right", no_wrap=True, width=9)
        for title, lines in (
            ("A federated round sends", leaving.sent),
            ("and never sends", leaving.kept),
        ):
            table.add_row(Text(title, "bold"))
            for what, size in lines:
                table.add_row(f"  {what}", filesize.decimal(size))
        table.add_row(Text("Typing sends nothing.", "dim"))
        self.query_one("#leaving", Static).update(table)

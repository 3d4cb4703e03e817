"""`nextword type --replay`: a person's messages type themselves on two keyboards, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Footer, Header, Label, ProgressBar, Static
from textual.worker import Worker, get_current_worker

from nextword.keyboard.course import Course, Replay, final_line
from nextword.keyboard.discreet import DiscreetApp
from nextword.keystrokes import SLOTS

Tell = Callable[[str, int, int], None]  # what is done, so much of it, of so much
Prepare = Callable[[Tell], Replay]

_FRAMES_PER_S = 30  # at most; faster typing presses several keys at once
_REST_KEYS = 8  # that could be pressed while a finished message is left to be read
_SPEEDS = (0.5, 1000.0)  # keys per second
_AROUND = 400  # characters of a message shown before and after where the typing is


class Stopped(Exception):
    """Raised into the preparation when nobody waits for it any more."""


class Progressed(Message):
    """The preparation has come so far."""

    def __init__(self, what: str, done: int, of: int) -> None:
        super().__init__()
        self.what, self.done, self.of = what, done, of


class ReplayColumn(Vertical):
    """One keyboard: the message, the bar with the word about to be taken marked, keys and savings."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def compose(self) -> ComposeResult:
        yield Static(classes="message")
        with Horizontal(classes="bar"):
            for _ in range(SLOTS):
                yield Static(classes="word")
        yield Static(classes="keys")

    def show(self, course: Course) -> None:
        stands, coming = course.stands(self.side), course.coming(self.side)
        self.border_title = Content(course.replay.sides[self.side].title)
        self.query_one(".message", Static).update(self._message(course, stands), layout=False)
        for number, word in enumerate(self.query(".word").results(Static)):
            there = coming is not None and number < len(coming.shown)
            word.update(Content(coming.shown[number] if coming and there else ""), layout=False)
            word.set_class(coming is not None and coming.slot == number, "taken")
        keys = len(course.pressed(self.side))
        self.query_one(".keys", Static).update(
            Content.assemble(
                f"this message: {keys} keys, {stands} without\n",
                f"so far: {course.keys(self.side):,} keys, ",
                (f"{100 * course.savings(self.side):.1f} % saved", "bold $success"),
            ),
            layout=False,
        )

    def _message(self, course: Course, stands: int) -> Content:
        """The text so far, accepted words coloured, and dimly what is still to come."""
        begins = max(0, stands - _AROUND)
        parts = [
            (course.text[press.before : press.after], "" if press.slot is None else "$accent bold")
            for press in course.pressed(self.side)[-_AROUND:]
            if press.before >= begins
        ]
        rest = course.text[stands : stands + _AROUND]
        return Content.assemble(*parts, (rest[:1], "reverse"), (rest[1:], "dim"))


class ReplayApp(DiscreetApp[Exception]):
    """Prepares in a thread, then types. It ends with what kept it from preparing, if anything did."""

    TITLE = "nextword"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #preparing { height: 1fr; align: center middle; }
    #preparing Label, #preparing ProgressBar { width: auto; }
    #sides { height: 1fr; display: none; }
    ReplayColumn { width: 1fr; border: round $primary; padding: 0 1; }
    ReplayColumn .message { height: 1fr; }
    ReplayColumn .bar { height: 1; }
    ReplayColumn .word { width: 1fr; height: 1; text-align: center; text-wrap: nowrap; text-overflow: ellipsis; }
    ReplayColumn .word.taken { background: $accent; color: $text; text-style: bold; }
    ReplayColumn .keys { height: 2; margin: 1 0 0 0; }
    #final { height: 2; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause"),
        Binding("plus", "speed(2)", "Faster", key_display="+"),
        Binding("minus", "speed(0.5)", "Slower", key_display="-"),
        Binding("enter", "skip", "Next message"),
        Binding("q,ctrl+q", "quit", "Quit", key_display="q"),
    ]

    def __init__(self, user: str, prepare: Prepare, keys_per_second: float) -> None:
        super().__init__()
        self.user, self.prepare, self.keys_per_second = user, prepare, keys_per_second
        self.course: Course | None = None
        self.paused = False
        self._owed = 0.0  # keys, of which a part is left over from the last frame
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        with Vertical(id="preparing"):
            yield Label("reading the model", id="what")
            yield ProgressBar(total=None)
        with Horizontal(id="sides"):
            yield from (ReplayColumn(side) for side in range(2))
        yield Static(id="final")
        yield Footer()

    def on_mount(self) -> None:
        self.sub_title = self.user
        self.run_worker(self._prepare, thread=True, exit_on_error=False)

    def _prepare(self) -> Replay:
        """In a thread of its own."""
        worker = get_current_worker()

        def tell(what: str, done: int, of: int) -> None:
            if worker.is_cancelled:
                raise Stopped
            self.post_message(Progressed(what, done, of))

        return self.prepare(tell)

    def on_progressed(self, progressed: Progressed) -> None:
        self.query_one("#what", Label).update(Content(progressed.what))
        self.query_one(ProgressBar).update(total=progressed.of, progress=progressed.done)

    def on_worker_state_changed(self, changed: Worker.StateChanged) -> None:
        if isinstance(error := changed.worker.error, Exception):
            self.exit(error)
        elif isinstance(replay := changed.worker.result, Replay):
            self.course = Course(replay)
            self.query_one("#preparing").display = False
            self.query_one("#sides").display = True
            self._show()
            self._go_on()

    def action_pause(self) -> None:
        self.paused = not self.paused
        self._show()
        self._go_on()

    def action_speed(self, times: float) -> None:
        slowest, fastest = _SPEEDS
        self.keys_per_second = min(max(self.keys_per_second * times, slowest), fastest)
        self._show()
        self._go_on()

    def action_skip(self) -> None:
        if self.course is not None:
            self.course.skip()
            self._show()
            self._go_on()

    def _go_on(self, keys: int = 1) -> None:
        """Wait as long as so many keys take and press the next, unless there is none or the replay is paused."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = None
        if self.course is not None and not self.paused and not self.course.done:
            self._timer = self.set_timer(max(keys / self.keys_per_second, 1 / _FRAMES_PER_S), self._tick)

    def _tick(self) -> None:
        course = self.course
        assert course is not None
        if course.message_done:
            course.skip()
        else:
            self._owed += max(1.0, self.keys_per_second / _FRAMES_PER_S)
            while self._owed >= 1:
                self._owed -= 1
                course.press()
        self._show()
        self._go_on(_REST_KEYS if course.message_done else 1)

    def _show(self) -> None:
        course = self.course
        if course is None:
            return
        for column in self.query(ReplayColumn):
            column.show(course)
        replay = course.replay
        pace = "paused" if self.paused else f"{self.keys_per_second:g} keys a second"
        self.sub_title = f"{self.user}: message {course.message + 1} of {len(replay.messages)}, {pace}"
        if course.done:
            self.query_one("#final", Static).update(Content(final_line(replay)), layout=False)

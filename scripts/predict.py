"""`nextword predict`: the suggestions for a text, for scripts and other programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.console import print_json, progress

if TYPE_CHECKING:
    from nextword.federation.published import Published
    from nextword.layers import Layer
    from nextword.predictor import Predictor

_WEIGHED_BY = 100  # of a history's messages, the newest, at most
_FEWEST = 3  # of them, to say anything


def command(
    text: Annotated[str, typer.Argument(help="what has been written so far")] = "",
    model: Annotated[
        Path | None, typer.Option(help="a checkpoint's folder, or a run's; else the bundled model")
    ] = None,
    typed: Annotated[str, typer.Option(help="the letters of a word begun")] = "",
    word: Annotated[list[str], typer.Option(help="a word of your own, a candidate like any other; repeatable")] = [],  # noqa: B006
    history: Annotated[
        Path | None,
        typer.Option(help="what you wrote before, a message a line, oldest first: your own words and habits"),
    ] = None,
    k: Annotated[int, typer.Option(min=1, max=100, help="how many suggestions")] = 3,
    stdin: Annotated[bool, typer.Option(help='answer lines {"text", "typed"} from stdin, one for one')] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON alone")] = False,
) -> None:
    from nextword import checkpoint
    from nextword.federation.published import Published

    if stdin and (text or typed):
        raise ValueError("--stdin: each line has its own text and typed; give neither beside it")
    published = Published.at(model or checkpoint.BUNDLED)
    predictor = _everybodys(published) if history is None else _with_habits(history, published)
    for own in word:
        predictor.own_words.add(own)
    if stdin:
        if sys.stdin is None:
            raise ValueError("--stdin: there is no input")
        for line in sys.stdin.buffer:  # one that is no UTF-8 is answered too
            print(json.dumps(_answer_line(predictor, line, k)), flush=True)
        return
    answer = _answer(predictor, text, typed, k)
    if as_json:
        print_json(answer)
        return
    if not answer["suggestions"]:
        print(f"no word begins with {typed!r}")
    for suggestion in answer["suggestions"]:
        print(f"{suggestion['probability']:6.1%}  {suggestion['word']}")


def _with_habits(history: Path, published: Published) -> Predictor:
    """Of a run's clusters the one that suits the person, under the n-grams of many, one's own, and like contexts.

    One's own are trusted as far as the newest messages say.
    """
    from nextword.near_contexts import NearContexts
    from nextword.text import normalise, tokens
    from personalization import chats
    from personalization.own_ngram import OwnNgram
    from personalization.profile import Contents
    from personalization.trust import JUDGING, NEAR, OWN, PRIORS, Overlay, trusted

    written = chats.read(history)
    if "" not in written:
        raise ValueError(f"{history}: a chat, others' messages among it; give a text of yours, a message a line")
    messages = written[""]
    told = messages.contents if isinstance(messages, chats.Exported) else Contents()
    if not messages:
        print(f"nextword: {history}: no message in it; this is what everybody is offered", file=sys.stderr)
    newest = min(len(messages) // 10, _WEIGHED_BY)
    judged = [tokens(normalise(text))[:JUDGING] for text in messages[-newest:]] if newest >= _FEWEST else []
    known = messages[:-newest] if judged else messages
    with progress() as display:
        task = display.add_task("learning from what you wrote", total=5)
        predictor = _nearest(published, known)
        display.advance(task)

        def layers(messages: Sequence[str]) -> dict[str, Layer]:
            counts = OwnNgram(messages=messages)
            counts.fixed_forms |= told.own.fixed_forms
            display.advance(task)
            near = NearContexts(predictor.states, [tokens(normalise(text)) for text in messages])
            display.advance(task)
            return {OWN: counts, NEAR: near}

        costs, before = predictor.costs(judged), layers(known)
        expected = [PRIORS[name].after(len(known)) for name in before]
        trusts, _ = Overlay([*before.values()], judged, expected, below=predictor.layers).best(costs)
        predictor = predictor.under(trusted(layers(messages), dict(zip(before, trusts, strict=True))))
    predictor.blocked = told.blocked
    return predictor


def _everybodys(published: Published, folder: Path | None = None) -> Predictor:
    """By the final model, or a cluster's, under what everybody has over it."""
    from nextword.predictor import Predictor

    return Predictor.load(folder or published.final).under(published.layers)


def _nearest(published: Published, messages: Sequence[str]) -> Predictor:
    """By the model of the cluster that suits these messages, or by the model that everybody has."""
    if not published.clusters:
        return _everybodys(published)
    from personalization.nearest import nearest_cluster  # takes torch along, which takes seconds

    folder = nearest_cluster(published, messages)
    predictor = _everybodys(published, folder)
    predictor.source = "cluster" if folder in published.clusters else "shared"
    return predictor


def _answer(predictor: Predictor, text: str, typed: str, k: int) -> dict[str, Any]:
    start = time.perf_counter()
    suggestions = [asdict(suggestion) for suggestion in predictor.suggest(text, typed, k)]
    elapsed_ms = (time.perf_counter() - start) * 1000
    return {"text": _whole(text), "typed": _whole(typed), "suggestions": suggestions, "ms": round(elapsed_ms, 3)}


def _whole(text: str) -> str:
    """With a mark in the place of what is half a character, such as bytes of the shell that are no UTF-8."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _answer_line(predictor: Predictor, line: bytes, k: int) -> dict[str, Any]:
    try:
        asked = json.loads(line)
        text, typed = asked["text"], asked.get("typed", "")
        if not (isinstance(text, str) and isinstance(typed, str)):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {"error": 'each line must be a JSON object {"text": "...", "typed": "..."}'}
    return _answer(predictor, text, typed, k)

"""Nothing is made twice, and what that spares is told once."""

from __future__ import annotations

import pytest

from personalization.memo import Memo


class _Work:
    """A processor whose work takes as long as it says."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> _Work:
    clock = _Work()
    monkeypatch.setattr("time.process_time", clock)
    return clock


def _made(memo: Memo, work: _Work, key: object, seconds: float = 3.0) -> object:
    def make() -> object:
        work.seconds += seconds
        return object()

    return memo.of(key, make)


def test_a_thing_is_made_once_and_each_key_has_its_own(work: _Work) -> None:
    memo = Memo()
    assert _made(memo, work, "a") is _made(memo, work, "a")
    assert _made(memo, work, "b") is not _made(memo, work, "a")
    assert work.seconds == 6.0


def test_only_what_was_made_before_is_spared_and_that_once(work: _Work) -> None:
    """Who begins anew would have made it once, and then had it."""
    memo = Memo()
    _made(memo, work, "a")
    _made(memo, work, "a")
    assert memo.seconds_spared == 0.0
    memo.begin()
    for key in ("a", "b", "b", "a"):
        _made(memo, work, key)
    assert memo.seconds_spared == 3.0
    memo.begin()
    _made(memo, work, "b")
    assert memo.seconds_spared == 3.0


def test_what_is_made_of_another_thing_spares_both(work: _Work) -> None:
    memo = Memo()
    for way in (1, 2):
        memo.of(way, lambda way=way: (_made(memo, work, "a", 5.0), _made(memo, work, ("of a", way), 1.0)))  # type: ignore[misc]
    memo.begin()
    for way in (1, 2):
        memo.of(way, lambda: None)
    assert memo.seconds_spared == 7.0


def test_what_a_thing_is_made_of_is_spared_though_it_was_there_when_that_was_made(work: _Work) -> None:
    """A row had the training made, the next one another thing of it, which a third one wants too."""
    memo = Memo()

    def wanted(way: int) -> float:
        memo.begin()
        before = work.seconds
        memo.of(way, lambda: (_made(memo, work, "training", 5.0), _made(memo, work, ("part of", way), 1.0)))
        return work.seconds - before + memo.seconds_spared

    assert [wanted(way) for way in (1, 2, 2, 1)] == [6.0] * 4


def test_what_could_not_be_made_is_tried_again(work: _Work) -> None:
    memo = Memo()
    with pytest.raises(ZeroDivisionError):
        memo.of("a", lambda: 1 / 0)
    assert memo.of("a", lambda: 2) == 2

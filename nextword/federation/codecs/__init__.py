"""How updates become small: one codec a file, composed in the run file, as in "rows+topk:0.1+hadamard+int4"."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import partial

from nextword.federation.codecs.eden import BITS as EDEN_BITS
from nextword.federation.codecs.eden import Eden
from nextword.federation.codecs.float32 import Float32
from nextword.federation.codecs.hadamard import Hadamard
from nextword.federation.codecs.lowrank import LowRank
from nextword.federation.codecs.randomk import RandomK
from nextword.federation.codecs.rows import Rows
from nextword.federation.codecs.sign import Sign
from nextword.federation.codecs.stage import FACTORS, LAST, ROTATED, SOME, Stage
from nextword.federation.codecs.ternary import Ternary
from nextword.federation.codecs.topk import TopK
from nextword.federation.codecs.uniform import Uniform

STAGES: dict[str, Callable[[str], Stage]] = {
    "rows": Rows,
    "lowrank": LowRank,
    "topk": TopK,
    "randomk": RandomK,
    "hadamard": Hadamard,
    **{f"int{bits}": partial(Uniform, bits) for bits in range(1, 9)},
    **{f"eden{bits}": partial(Eden, bits) for bits in EDEN_BITS},
    "sign": Sign,
    "ternary": Ternary,
    "float32": Float32,
}


def pipeline(written: str) -> dict[str, Stage]:
    """The stages that a run file names, in order, by name; float32 ends them where no other does.

    Raises ValueError in one line for an unknown stage, a wrong argument, or an order that cannot work.
    """
    stages: dict[str, Stage] = {}
    terms: list[tuple[int, str, str]] = []
    for term in written.split("+"):
        name, _, argument = term.strip().partition(":")
        if name not in STAGES:
            near = difflib.get_close_matches(name, STAGES, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"the codecs are {', '.join(STAGES)}"
            raise ValueError(f"there is no codec {name!r}; {hint}")
        stages[name] = STAGES[name](argument)
        terms.append((stages[name].place, name, term.strip()))
    places = [place for place, _, _ in terms]
    for place in places:
        if places.count(place) > 1:
            both = [other for its, other, _ in terms if its == place]
            raise ValueError(f"{both[0]} and {both[1]} cannot stand in one pipeline: leave out one of them")
    if FACTORS in places and SOME in places:
        raise ValueError("of lowrank's factors no number can be left out: leave out lowrank, or topk and randomk")
    if FACTORS in places and ROTATED in places:
        without = "+".join(term for place, _, term in sorted(terms) if place != ROTATED)
        raise ValueError(
            "lowrank's factors and vectors differ in size, and a rotation would spread the rounding of the largest "
            f"over all: leave out hadamard: {without}"
        )
    for _, name, _ in terms:
        if isinstance(stages[name], Eden) and ROTATED not in places:
            if FACTORS in places:
                raise ValueError(f"{name} takes rotated numbers, and lowrank's factors are not: end with int8")
            whole = sorted([*terms, (ROTATED, "hadamard", "hadamard")])
            raise ValueError(f"{name} takes what a rotation has made normal: write {'+'.join(t for *_, t in whole)}")
    if places != sorted(places):
        raise ValueError(f"this order cannot work: write {'+'.join(term for _, _, term in sorted(terms))}")
    return stages if LAST in places else stages | {"float32": Float32()}


def contracts(stages: Mapping[str, Stage]) -> bool:
    """Whether what is lost of an update is shorter than it, whatever the update; after a rotation, as good as surely.

    What is lost of two factors is multiplied, so they must come whole.
    """
    rotated, *_, last = "hadamard" in stages, *stages
    if "lowrank" in stages and last != "float32":
        return False
    return all(
        stage.contracts_rotated if rotated and isinstance(stage, Uniform) else stage.contracts
        for stage in stages.values()
    )

"""Error feedback: what the encoding of an update loses is kept, and added to the person's next update.

Seide et al. 2014, "1-bit stochastic gradient descent"; Karimireddy et al. 2019, "Error feedback fixes SignSGD and other
gradient compression schemes", Algorithm 2. With x what training has changed, e the residual, and C(x) what the server
reads where x is sent:

    sent = C(x + e),   e' = x + e - C(x + e)

so the sum of all that counted, plus the residual, is the sum of all x.

Not every update counts: one may be lost on the way, come too late, or be rejected. The device is not told at once, so
it keeps e' beside e, each under its round, and with its next task the server says which round's update was the last to
count. The residual of that round holds; those made since are dropped, as if the device had not been asked: of an update
that did not count, neither x nor what was lost of it is sent again. To send it again would be wrong where it was
rejected for what it is, and it was made far from the model of today. So rounds that do not count change nothing, and
the sum above is over those that did. A device that has lost its files goes on without a residual.

Where updates are clipped, x + e is, so that what is sent stays bounded, and e' is what the encoding lost of the clipped
sum: what clipping takes away is not kept, or e' would grow with every update that is too long.

The longer a person is not asked, the older is what they add (Li & Li 2023, "Analysis of error feedback in federated
non-convex optimization with biased compression"): whether feedback pays depends on how often that is.
"""

from __future__ import annotations

import math

from nextword.federation.clipping import clipped
from nextword.federation.codec import Codec, Key, Update
from nextword.federation.codecs.stage import Part
from personalization.methods import State


def with_residual(delta: Update, residual: State | None) -> Update:
    """x + e."""
    return {name: change + residual[name] for name, change in delta.items()} if residual else delta


def encode(codec: Codec, wanted: Update, key: Key, most: float = math.inf) -> tuple[dict[str, Part], Update]:
    """What is sent of x + e, and the residual if it counts. Raises ValueError for numbers that are not finite.

    `most` is the norm of the longest update, to which the server clips what it reads once more.
    """
    wanted = clipped(wanted, most)
    encoded = codec.encode(wanted, key)
    read = clipped(codec.decode(encoded, {name: change.shape for name, change in wanted.items()}, key), most)
    return encoded, {name: change - read[name] for name, change in wanted.items()}

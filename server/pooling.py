"""How far a cluster's model learns from everybody: a cluster's mean update, shrunk towards the mean of all.

From n users of its own a cluster goes by n / (n + pooling) times their mean and pooling / (n + pooling) times
everybody's, as if so many more of its users had sent that one: the estimate of a group's mean that Efron and Morris
(1975, "Data analysis using Stein's estimator and its generalizations") shrink towards the grand mean. A cluster that
few people train does not fall behind the others so, and devices that choose do not leave it for that. Duan et al.
(2021, "Flexible clustered federated learning", inter-group aggregation) let groups learn from each other in the same
place, by adding the other groups' models.
"""

from __future__ import annotations

from nextword.federation.codec import Update


def pooled(own: Update | None, everyone: Update, users: int, pooling: float) -> Update | None:
    """The update for a cluster of which `users` took part, whose mean is `own`; None where it has nothing to go by."""
    if own is None:
        return everyone if pooling else None
    share = users / (users + pooling)
    return {name: share * own[name] + (1 - share) * mean for name, mean in everyone.items()}

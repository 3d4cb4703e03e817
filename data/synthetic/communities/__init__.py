"""The communities of the synthetic population, one file each."""

from data.synthetic.communities import campus, india, lagos, miami, northwest, singapore
from data.synthetic.community import Community

COMMUNITIES: tuple[Community, ...] = (
    singapore.COMMUNITY,
    northwest.COMMUNITY,
    india.COMMUNITY,
    campus.COMMUNITY,
    miami.COMMUNITY,
    lagos.COMMUNITY,
)

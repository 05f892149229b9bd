"""From signals to ideas: which niche a signal speaks to, what a design would say, and which few of all are kept.

`ideate` is the front door. `lexicon` reads the words in `data/`, `grammar` makes phrases of them, `facts` reads what a
signal says, `candidates` pairs and fills, `selection` keeps the best that differ, `telling` says why.
"""

from pipeline.ideas.ideate import Ideation, ideate
from pipeline.ideas.selection import Neighbour

__all__ = ["Ideation", "Neighbour", "ideate"]

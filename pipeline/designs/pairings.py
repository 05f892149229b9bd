"""Which typefaces go together, and for which moods. FACES is what has to be installed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.models import Model, Mood

Voice = Literal["block", "fat", "script", "collegiate", "fine", "rough", "grid"]
"""What a lead face can do: fill a width, be bent, be written, be outlined, stay quiet, look worn, stay on its grid."""


class Pairing(Model):
    """A lead face for what matters, a support face for what doesn't, a hand for small words between."""

    name: str
    lead: str
    support: str
    hand: str
    voice: Voice
    moods: tuple[Mood, ...]
    ornate: bool = Field(default=False, description="so decorated that the lead is hard to read bent or cut")
    caps: bool = Field(default=True, description="the lead is set in capitals")
    embolden: float = Field(default=0.0, description="of the lead, thousandths of an em")

    @property
    def faces(self) -> tuple[str, str, str]:
        """Lead, support, hand."""
        return self.lead, self.support, self.hand


_M = Mood
_OSWALD, _JOSEFIN, _MONTSERRAT = "oswald-600", "josefin-sans-700", "montserrat-700"

PAIRINGS: tuple[Pairing, ...] = (
    Pairing(name="slab", lead="alfa-slab-one-400", support=_OSWALD, hand="pacifico-400", voice="block",
            moods=(_M.BOLD, _M.OUTDOORSY, _M.SPORTY, _M.PLAYFUL, _M.NERDY, _M.FESTIVE)),
    Pairing(name="poster", lead="anton-400", support=_OSWALD, hand="permanent-marker-400", voice="block",
            moods=(_M.BOLD, _M.SPORTY, _M.NERDY, _M.SPOOKY, _M.OUTDOORSY)),
    Pairing(name="tall", lead="bebas-neue-400", support=_MONTSERRAT, hand="yellowtail-400", voice="block",
            moods=(_M.BOLD, _M.MINIMAL, _M.OUTDOORSY, _M.RETRO, _M.NERDY, _M.COZY, _M.HEARTFELT)),
    Pairing(name="varsity", lead="graduate-400", support=_OSWALD, hand="lobster-400", voice="collegiate", embolden=26,
            moods=(_M.SPORTY, _M.RETRO, _M.FESTIVE, _M.BOLD, _M.NERDY, _M.COZY)),
    Pairing(name="letterman", lead="alumni-sans-collegiate-one-400", support="bebas-neue-400", hand="yellowtail-400",
            voice="block", ornate=True, moods=(_M.SPORTY, _M.RETRO)),
    Pairing(name="sign painter", lead="lobster-400", support=_JOSEFIN, hand="lobster-400", voice="script", caps=False,
            moods=(_M.RETRO, _M.COZY, _M.FESTIVE, _M.PLAYFUL, _M.OUTDOORSY)),
    Pairing(name="brush", lead="kaushan-script-400", support=_MONTSERRAT, hand="kaushan-script-400", voice="script",
            caps=False, moods=(_M.HEARTFELT, _M.OUTDOORSY, _M.COZY, _M.SPORTY, _M.BOLD), embolden=6),
    Pairing(name="diner", lead="yellowtail-400", support=_JOSEFIN, hand="yellowtail-400", voice="script", caps=False,
            moods=(_M.RETRO, _M.SPORTY, _M.NERDY), embolden=10),
    Pairing(name="surf", lead="pacifico-400", support="fredoka-600", hand="pacifico-400", voice="script", caps=False,
            moods=(_M.COZY, _M.PLAYFUL, _M.HEARTFELT, _M.FESTIVE)),
    Pairing(name="marker", lead="permanent-marker-400", support=_OSWALD, hand="permanent-marker-400", voice="rough",
            moods=(_M.BOLD, _M.NERDY, _M.OUTDOORSY, _M.SPOOKY, _M.PLAYFUL)),
    Pairing(name="cartoon", lead="luckiest-guy-400", support="baloo-2-800", hand="pacifico-400", voice="fat",
            moods=(_M.PLAYFUL, _M.FESTIVE, _M.NERDY, _M.BOLD)),
    Pairing(name="groovy", lead="shrikhand-400", support=_JOSEFIN, hand="shrikhand-400", voice="fat", caps=False,
            moods=(_M.RETRO, _M.PLAYFUL, _M.HEARTFELT, _M.FESTIVE)),
    Pairing(name="seventies", lead="caprasimo-400", support=_JOSEFIN, hand="pacifico-400", voice="fat", caps=False,
            moods=(_M.RETRO, _M.COZY, _M.HEARTFELT, _M.PLAYFUL, _M.FESTIVE)),
    Pairing(name="saloon", lead="rye-400", support=_OSWALD, hand="lobster-400", voice="block", ornate=True,
            moods=(_M.OUTDOORSY, _M.RETRO, _M.SPOOKY)),
    Pairing(name="frontier", lead="sancreek-400", support="bebas-neue-400", hand="lobster-400", voice="block",
            ornate=True,
            moods=(_M.OUTDOORSY, _M.FESTIVE)),
    Pairing(name="creeps", lead="creepster-400", support="special-elite-400", hand="creepster-400", voice="fat",
            moods=(_M.SPOOKY,)),
    Pairing(name="gothic", lead="pirata-one-400", support="special-elite-400", hand="pirata-one-400", voice="rough",
            caps=False, moods=(_M.SPOOKY,)),
    Pairing(name="deco", lead="limelight-400", support=_JOSEFIN, hand="great-vibes-400", voice="fine",
            moods=(_M.ELEGANT, _M.RETRO)),
    Pairing(name="stencil", lead="black-ops-one-400", support="saira-stencil-one-400", hand="permanent-marker-400",
            voice="block", moods=(_M.BOLD, _M.SPORTY, _M.OUTDOORSY)),
    Pairing(name="crate", lead="saira-stencil-one-400", support=_OSWALD, hand="permanent-marker-400", voice="block",
            moods=(_M.OUTDOORSY, _M.NERDY)),
    Pairing(name="bubble", lead="fredoka-700", support="fredoka-600", hand="pacifico-400", voice="fat", caps=False,
            moods=(_M.PLAYFUL, _M.HEARTFELT, _M.MINIMAL, _M.COZY)),
    Pairing(name="toy", lead="titan-one-400", support="baloo-2-800", hand="pacifico-400", voice="fat",
            moods=(_M.PLAYFUL, _M.FESTIVE, _M.COZY)),
    Pairing(name="typewriter", lead="special-elite-400", support="special-elite-400", hand="permanent-marker-400",
            voice="fine", moods=(_M.NERDY, _M.MINIMAL, _M.COZY, _M.SPOOKY), embolden=5),
    Pairing(name="pixel", lead="press-start-2p-400", support="silkscreen-400", hand="silkscreen-400", voice="grid",
            moods=(_M.NERDY,)),
    Pairing(name="fashion", lead="abril-fatface-400", support=_JOSEFIN, hand="great-vibes-400", voice="fine",
            caps=False, moods=(_M.ELEGANT, _M.HEARTFELT)),
    Pairing(name="editorial", lead="playfair-display-900", support=_MONTSERRAT, hand="great-vibes-400", voice="fine",
            moods=(_M.ELEGANT, _M.COZY, _M.MINIMAL, _M.HEARTFELT)),
    Pairing(name="calligraphy", lead="great-vibes-400", support=_JOSEFIN, hand="great-vibes-400", voice="script",
            caps=False, moods=(_M.ELEGANT,), embolden=9),
    Pairing(name="modern", lead="league-spartan-800", support="league-spartan-600", hand="kaushan-script-400",
            voice="block", moods=(_M.MINIMAL, _M.BOLD, _M.NERDY, _M.SPORTY)),
    Pairing(name="quiet", lead="josefin-sans-700", support="josefin-sans-600", hand="great-vibes-400", voice="fine",
            moods=(_M.MINIMAL, _M.ELEGANT, _M.HEARTFELT)),
    Pairing(name="chalk", lead="amatic-sc-700", support=_JOSEFIN, hand="pacifico-400", voice="fine", embolden=10,
            moods=(_M.COZY, _M.OUTDOORSY, _M.HEARTFELT, _M.MINIMAL)),
    Pairing(name="noel", lead="mountains-of-christmas-700", support=_JOSEFIN, hand="pacifico-400", voice="fat",
            caps=False, moods=(_M.FESTIVE,), embolden=10),
    Pairing(name="arcade", lead="audiowide-400", support=_MONTSERRAT, hand="yellowtail-400", voice="block",
            moods=(_M.NERDY, _M.RETRO)),
    Pairing(name="disco", lead="righteous-400", support=_JOSEFIN, hand="pacifico-400", voice="fat",
            moods=(_M.RETRO, _M.PLAYFUL)),
    Pairing(name="comic", lead="bangers-400", support=_OSWALD, hand="permanent-marker-400", voice="fat",
            moods=(_M.PLAYFUL, _M.NERDY, _M.SPORTY)),
    Pairing(name="grotesk", lead="archivo-black-400", support=_MONTSERRAT, hand="permanent-marker-400", voice="block",
            moods=(_M.MINIMAL, _M.BOLD, _M.NERDY, _M.SPORTY)),
    Pairing(name="studio", lead="syne-800", support="josefin-sans-600", hand="great-vibes-400", voice="fine",
            caps=False, moods=(_M.MINIMAL, _M.NERDY, _M.ELEGANT)),
    Pairing(name="capsule", lead="unbounded-800", support="league-spartan-600", hand="kaushan-script-400",
            voice="block", moods=(_M.MINIMAL, _M.NERDY, _M.SPORTY, _M.PLAYFUL)),
    Pairing(name="bookish", lead="dm-serif-display-400", support=_JOSEFIN, hand="great-vibes-400", voice="fine",
            caps=False, moods=(_M.MINIMAL, _M.ELEGANT, _M.COZY, _M.HEARTFELT)),
    Pairing(name="roman", lead="cinzel-800", support="josefin-sans-600", hand="great-vibes-400", voice="fine",
            moods=(_M.ELEGANT, _M.SPOOKY, _M.MINIMAL)),
    Pairing(name="storybook", lead="berkshire-swash-400", support=_JOSEFIN, hand="berkshire-swash-400",
            voice="script", caps=False, moods=(_M.COZY, _M.HEARTFELT, _M.FESTIVE, _M.SPOOKY)),
    Pairing(name="candy shop", lead="leckerli-one-400", support="fredoka-600", hand="leckerli-one-400",
            voice="script", caps=False, moods=(_M.PLAYFUL, _M.HEARTFELT, _M.COZY)),
    Pairing(name="note", lead="courgette-400", support=_MONTSERRAT, hand="courgette-400", voice="script", caps=False,
            moods=(_M.HEARTFELT, _M.COZY, _M.MINIMAL), embolden=6),
    Pairing(name="league", lead="fugaz-one-400", support=_OSWALD, hand="yellowtail-400", voice="block",
            moods=(_M.SPORTY, _M.RETRO, _M.BOLD)),
    Pairing(name="circuit", lead="russo-one-400", support=_MONTSERRAT, hand="permanent-marker-400", voice="block",
            moods=(_M.NERDY, _M.SPORTY, _M.BOLD)),
    Pairing(name="taffy", lead="chewy-400", support="baloo-2-800", hand="chewy-400", voice="fat",
            moods=(_M.PLAYFUL, _M.FESTIVE, _M.COZY)),
    Pairing(name="heavyweight", lead="bowlby-one-400", support=_OSWALD, hand="pacifico-400", voice="fat",
            moods=(_M.BOLD, _M.RETRO, _M.PLAYFUL, _M.SPORTY)),
    Pairing(name="potion", lead="jolly-lodger-400", support="special-elite-400", hand="jolly-lodger-400",
            voice="rough", caps=False, moods=(_M.SPOOKY,), embolden=6),
    Pairing(name="wood type", lead="ultra-400", support=_OSWALD, hand="lobster-400", voice="block",
            moods=(_M.OUTDOORSY, _M.RETRO, _M.COZY, _M.BOLD)),
    Pairing(name="pennant", lead="oleo-script-700", support=_OSWALD, hand="oleo-script-700", voice="script",
            caps=False, moods=(_M.RETRO, _M.SPORTY, _M.COZY, _M.OUTDOORSY)),
    Pairing(name="ballpark", lead="playball-400", support=_OSWALD, hand="playball-400", voice="script", caps=False,
            moods=(_M.SPORTY, _M.RETRO, _M.ELEGANT), embolden=9),
)  # fmt: skip

FACES = frozenset(face for pairing in PAIRINGS for face in pairing.faces)
"""Every face that a pairing names, as `<family>-<weight>`."""

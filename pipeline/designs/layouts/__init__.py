"""The layout families: each composes a brief on a sheet in its own way. One line each in LAYOUTS."""

from __future__ import annotations

from pipeline.designs.layouts import emblems, lettering, scenes
from pipeline.designs.layouts.family import Layout
from pipeline.models import Mood

_M = Mood

LAYOUTS: tuple[Layout, ...] = (
    Layout("stack", lettering.stack, voices=("block", "fat", "rough", "collegiate", "grid"), wears=True, words=(2, 16),
           takes_picture=True,
           moods=(_M.BOLD, _M.SPORTY, _M.OUTDOORSY, _M.NERDY, _M.PLAYFUL, _M.FESTIVE, _M.HEARTFELT)),
    Layout("swash", lettering.swash, voices=("script",), words=(2, 9),
           moods=(_M.COZY, _M.HEARTFELT, _M.RETRO, _M.ELEGANT, _M.FESTIVE, _M.PLAYFUL)),
    Layout("quiet", lettering.quiet, voices=("fine", "grid"), words=(1, 9),
           moods=(_M.MINIMAL, _M.ELEGANT, _M.HEARTFELT, _M.COZY, _M.NERDY)),
    Layout("echo", lettering.echo, voices=("block", "fat", "grid"), words=(1, 4), longest=22,
           moods=(_M.BOLD, _M.RETRO, _M.NERDY, _M.SPORTY, _M.PLAYFUL, _M.MINIMAL)),
    Layout("groove", lettering.groove, voices=("fat",), words=(2, 7), longest=44,
           moods=(_M.RETRO, _M.PLAYFUL, _M.COZY, _M.HEARTFELT, _M.FESTIVE, _M.SPOOKY)),
    Layout("varsity", lettering.varsity, voices=("collegiate", "block"), wears=True, words=(2, 8), longest=48,
           moods=(_M.SPORTY, _M.RETRO, _M.BOLD, _M.FESTIVE, _M.NERDY)),
    Layout("roundel", emblems.roundel, voices=("block", "collegiate", "fat", "rough"), wears=True,
           words=(2, 9), longest=52,
           takes_picture=True,
           moods=(_M.OUTDOORSY, _M.SPORTY, _M.COZY, _M.RETRO, _M.SPOOKY, _M.FESTIVE, _M.NERDY)),
    Layout("patch", emblems.patch, voices=("block", "collegiate", "rough", "fat"), wears=True, words=(2, 8), longest=44,
           moods=(_M.OUTDOORSY, _M.BOLD, _M.NERDY, _M.SPOOKY, _M.SPORTY, _M.PLAYFUL)),
    Layout("stamp", emblems.stamp, voices=("block", "rough"), words=(2, 14),
           moods=(_M.BOLD, _M.OUTDOORSY, _M.NERDY, _M.SPOOKY, _M.SPORTY)),
    Layout("ribbon", emblems.ribbon, voices=("block", "collegiate", "fat"), words=(3, 10),
           moods=(_M.RETRO, _M.FESTIVE, _M.OUTDOORSY, _M.COZY, _M.SPORTY)),
    Layout("label", emblems.label, voices=("fine", "block"), words=(2, 9), longest=52,
           takes_picture=True,
           moods=(_M.ELEGANT, _M.COZY, _M.RETRO, _M.HEARTFELT, _M.MINIMAL)),
    Layout("sunset", scenes.sunset, voices=("block", "fat", "script"), wears=True, words=(2, 8), longest=46,
           moods=(_M.RETRO, _M.OUTDOORSY, _M.PLAYFUL, _M.NERDY)),
    Layout("park", scenes.park, pictures=scenes.LAND | scenes.WATER,
           voices=("block", "rough", "collegiate", "fat"), wears=True, words=(2, 8), longest=46,
           moods=(_M.OUTDOORSY, _M.COZY, _M.RETRO, _M.FESTIVE)),
    Layout("icon", scenes.icon, voices=("block", "fat", "rough", "script", "grid"), wears=True,
           words=(1, 12), longest=56,
           takes_picture=True,
           moods=(_M.PLAYFUL, _M.COZY, _M.NERDY, _M.HEARTFELT, _M.MINIMAL, _M.FESTIVE, _M.SPOOKY, _M.BOLD)),
    Layout("arch", scenes.arch, voices=("block", "fat", "collegiate", "rough", "fine"), words=(2, 8), longest=52,
           takes_picture=True,
           moods=(_M.COZY, _M.HEARTFELT, _M.FESTIVE, _M.OUTDOORSY, _M.SPOOKY, _M.PLAYFUL, _M.ELEGANT)),
)  # fmt: skip

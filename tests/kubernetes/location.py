"""The code location in the profile `kubernetes`, for a process that has loaded it in another one."""

from pipeline.definitions import build_defs

defs = build_defs("kubernetes")

"""What torch says of the device it computes on."""

from __future__ import annotations

import sys


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that there was too little memory: CUDA has a type for it, MPS and the CPU a sentence."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    said = str(error).lower()
    return "out of memory" in said or "can't allocate memory" in said

"""In which numbers a model is trained: bfloat16 where the machine multiplies it fast, float32 elsewhere."""

from __future__ import annotations

import torch


def fast_products(device: torch.device) -> torch.autocast:
    """A context in which matrix products are in bfloat16 if that is the faster way on this device.

    A processor has to have tiles for it (Intel's AMX): training takes half the time of float32 then. Without, each
    product is made of conversions, and training takes about three times as long as in float32.
    """
    fast = device.type != "cpu" or bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast)

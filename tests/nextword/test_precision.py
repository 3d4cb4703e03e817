from __future__ import annotations

from types import MappingProxyType

import pytest
import torch

from nextword.precision import fast_products


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [({"amx_bf16": True}, torch.bfloat16), ({"amx_bf16": False}, torch.float32), ({}, torch.float32)],
)
def test_bfloat16_where_a_processor_has_tiles_for_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: MappingProxyType(capabilities))
    with fast_products(torch.device("cpu")):
        product = torch.ones(2, 3) @ torch.ones(3, 2)
    assert product.dtype == dtype
    assert product.tolist() == [[3, 3], [3, 3]]

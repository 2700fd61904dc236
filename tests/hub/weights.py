"""Weights files for tests: real headers, zeros for numbers."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping

SIZES = {"F32": 4, "F16": 2, "BF16": 2, "I8": 1}


def safetensors(tensors: Mapping[str, tuple[int, ...]], dtype: str = "F32") -> bytes:
    """A safetensors file with tensors of these shapes."""
    header, at = {}, 0
    for name, shape in tensors.items():
        end = at + math.prod(shape) * SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    told = json.dumps(header).encode()
    return struct.pack("<Q", len(told)) + told + bytes(at)

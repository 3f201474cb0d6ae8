"""Read and write GGUF model files, one tensor at a time, as float32 matrices.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Reading and packing are done by the
`gguf` package of the llama.cpp project; this module adds streaming, so that no more than one tensor is
in memory in float32, and an exact account of what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

type_of = gguf.GGMLQuantizationType
FloatArray = NDArray[np.float32]

ARCHITECTURE = "general.architecture"
FILE_TYPE = "general.file_type"


@dataclass(frozen=True, slots=True)
class Field:
    """One metadata value with its GGUF type; `item` is the element type of an array."""

    value: Any
    type: gguf.GGUFValueType
    item: gguf.GGUFValueType | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One tensor to be written: its name, its shape as (rows, columns) or (length,), its storage."""

    name: str
    shape: tuple[int, ...]
    storage: gguf.GGMLQuantizationType
    load: Callable[[], FloatArray]

    @property
    def nbytes(self) -> int:
        """Size on disk in bytes, without padding."""
        return int(np.prod(stored_shape(self.shape, self.storage)))


class ModelFile:
    """A GGUF file opened for reading (memory mapped)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = gguf.GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All metadata, in file order, without the format's own counters."""
        return {
            name: Field(field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None)
            for name, field in self._reader.fields.items()
            if not name.startswith("GGUF.")
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Tensor names in file order."""
        return tuple(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, outermost first: (rows, columns) = (outputs, inputs) for a projection."""
        return tuple(int(size) for size in reversed(self._tensors[name].shape))

    def storage(self, name: str) -> gguf.GGMLQuantizationType:
        """How the tensor is stored."""
        return self._tensors[name].tensor_type

    def blocks(self, name: str) -> NDArray[np.uint8]:
        """The stored bytes of a tensor, flat."""
        return np.ascontiguousarray(self._tensors[name].data).view(np.uint8).reshape(-1)

    def load(self, name: str) -> FloatArray:
        """The tensor's values, dequantized, shape as `shape(name)`."""
        return decode(self.blocks(name), self.shape(name), self.storage(name))


def stored_shape(shape: Sequence[int], storage: gguf.GGMLQuantizationType) -> tuple[int, ...]:
    """Shape in bytes of a tensor of `shape` in `storage`."""
    return tuple(int(size) for size in gguf.quants.quant_shape_to_byte_shape(shape, storage))


def decode(
    blocks: NDArray[np.uint8], shape: tuple[int, ...], storage: gguf.GGMLQuantizationType
) -> FloatArray:
    """Stored bytes to float32 values of `shape`."""
    if storage == type_of.BF16:  # a shift; the package's general route copies several times
        return (blocks.view(np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    rows = blocks.reshape(stored_shape(shape, storage))
    return np.asarray(gguf.dequantize(rows, storage), dtype=np.float32).reshape(shape)


def encode(values: FloatArray, storage: gguf.GGMLQuantizationType) -> NDArray[np.uint8]:
    """Float32 values to stored bytes, rounding to nearest even."""
    if storage == type_of.BF16:
        return round_to_bf16_bits(values).view(np.uint8)
    if storage in (type_of.F16, type_of.F32):
        dtype = np.float16 if storage == type_of.F16 else np.float32
        return np.ascontiguousarray(values.astype(dtype, copy=False)).view(np.uint8)
    return np.asarray(gguf.quantize(values, storage), dtype=np.uint8)


def round_to_bf16_bits(values: FloatArray) -> NDArray[np.uint16]:
    """The 16 bits of each finite value rounded to bfloat16, ties to even (IEEE 754 rounding)."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    last_kept_bit = (bits >> np.uint32(16)) & np.uint32(1)
    return ((bits + np.uint32(0x7FFF) + last_kept_bit) >> np.uint32(16)).astype(np.uint16)


def round_to_bf16(values: FloatArray) -> FloatArray:
    """Each finite value rounded to the nearest bfloat16, as float32."""
    return (round_to_bf16_bits(values).astype(np.uint32) << 16).view(np.float32)


def write(path: Path, fields: Mapping[str, Field], tensors: Sequence[Planned]) -> None:
    """Write a GGUF file with these metadata and tensors; each tensor is loaded when its turn comes."""
    writer = gguf.GGUFWriter(path, str(fields[ARCHITECTURE].value))
    for name, field in fields.items():
        if name != ARCHITECTURE:  # the writer adds it itself
            writer.add_key_value(name, field.value, field.type, sub_type=field.item)
    for tensor in tensors:
        shape = stored_shape(tensor.shape, tensor.storage)
        writer.add_tensor_info(
            tensor.name, shape, np.dtype(np.uint8), tensor.nbytes, raw_dtype=tensor.storage
        )
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in tensors:
            writer.write_tensor_data(encode(tensor.load(), tensor.storage))
    finally:
        writer.close()

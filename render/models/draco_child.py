"""A process that unpacks Draco meshes with a library that it loads: bytes in, an `.npz` file out.

Started as `python -m threedie.render.models.draco_child LIBRARY`; see `draco.py`.
"""

import ctypes
import io
import json
import os
import sys
from contextlib import suppress
from typing import Any

import numpy as np

from threedie.render.models.gltf_file import COMPONENTS, MAX_VALUES, SIZES, Numbers

MEMORY_BYTES = 8 * 2**30
_UNSIGNED_INT = 5125
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "decoderCreate": (ctypes.c_void_p, []),
    "decoderRelease": (None, [ctypes.c_void_p]),
    "decoderDecode": (ctypes.c_bool, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    "decoderGetVertexCount": (ctypes.c_uint32, [ctypes.c_void_p]),
    "decoderGetIndexCount": (ctypes.c_uint32, [ctypes.c_void_p]),
    "decoderReadAttribute": (ctypes.c_bool, [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t, ctypes.c_char_p]),
    "decoderGetAttributeByteLength": (ctypes.c_size_t, [ctypes.c_void_p, ctypes.c_uint32]),
    "decoderCopyAttribute": (None, [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p]),
    "decoderReadIndices": (ctypes.c_bool, [ctypes.c_void_p, ctypes.c_size_t]),
    "decoderGetIndicesByteLength": (ctypes.c_size_t, [ctypes.c_void_p]),
    "decoderCopyIndices": (None, [ctypes.c_void_p, ctypes.c_void_p]),
}


def main() -> None:
    """Unpack the meshes from standard input; those that can't be are left out."""
    with suppress(ImportError, ValueError, OSError):  # a system without such limits
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # The library prints, too.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    library: Any = ctypes.CDLL(sys.argv[1])
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    arrays: dict[str, Numbers] = {}
    for number, (length, wanted) in enumerate(json.loads(sys.stdin.buffer.readline())):
        with suppress(ValueError, MemoryError):
            unpacked = _unpack(library, sys.stdin.buffer.read(length), wanted)
            arrays.update({f"{number}/{name}": values for name, values in unpacked.items()})
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    with out:
        out.write(packed.getvalue())


def _unpack(library: Any, content: bytes, wanted: dict[str, tuple[int, int, str]]) -> dict[str, Numbers]:
    decoder = library.decoderCreate()
    try:
        if not library.decoderDecode(decoder, content, len(content)):
            raise ValueError("not a Draco mesh")
        vertices, arrays = library.decoderGetVertexCount(decoder), {}
        if max(vertices, library.decoderGetIndexCount(decoder)) > MAX_VALUES:
            raise ValueError("too large")
        for name, (number, kind, size) in wanted.items():
            if not library.decoderReadAttribute(decoder, number, kind, size.encode()):
                raise ValueError(f"no attribute {number}")
            buffer = ctypes.create_string_buffer(library.decoderGetAttributeByteLength(decoder, number))
            library.decoderCopyAttribute(decoder, number, buffer)
            arrays[name] = np.frombuffer(buffer.raw, COMPONENTS[kind]).reshape(vertices, SIZES[size])
        if not library.decoderReadIndices(decoder, _UNSIGNED_INT):
            raise ValueError("no indices")
        buffer = ctypes.create_string_buffer(library.decoderGetIndicesByteLength(decoder))
        library.decoderCopyIndices(decoder, buffer)
        arrays["indices"] = np.frombuffer(buffer.raw, "<u4").reshape(-1, 1)
        return arrays
    finally:
        library.decoderRelease(decoder)


if __name__ == "__main__":
    main()

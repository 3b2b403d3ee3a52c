"""What meshes are made of, as hashes, so that the same mesh under two names is recognized."""

from collections.abc import Iterator, Sequence

from threedie.manifests.objects import ObjectRef
from threedie.render.models.obj import read_obj
from threedie.render.models.pool import over_all
from threedie.render.models.source import ModelError, ModelSource


def content_hashes(source: ModelSource, refs: Sequence[ObjectRef], workers: int) -> Iterator[str | None]:
    """SHA-256 of each object's surface, in order: vertices and faces, whatever its materials. None if it can't be read.

    Raises:
        ThreeDieError: a process died, or the source's cache can't be written to.
    """
    return over_all(_content_hash, source, refs, workers)


def _content_hash(source: ModelSource, ref: ObjectRef) -> str | None:
    try:
        return read_obj(source.mesh_file(ref).read_bytes()).content_hash()
    except (ModelError, OSError):
        return None

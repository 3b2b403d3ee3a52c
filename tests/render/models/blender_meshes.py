"""What Blender's own importers make of mesh files, as JSON: extent, triangles and area of each."""

import json
import sys

import bpy

IMPORTERS = {"ply": "ply_import", "stl": "stl_import", "obj": "obj_import"}


def measured(path: str) -> dict[str, object]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    suffix = path.rsplit(".", 1)[1]
    # Axes as they are in the file; OBJ's are those by default.
    axes = {"forward_axis": "Y", "up_axis": "Z"}
    getattr(bpy.ops.wm, IMPORTERS[suffix])(filepath=path, **axes)
    extent, count, area = [[9e9, -9e9] for _ in range(3)], 0, 0.0
    for item in bpy.data.objects:
        mesh = item.data
        mesh.calc_loop_triangles()
        count += len(mesh.loop_triangles)
        area += sum(triangle.area for triangle in mesh.loop_triangles)
        for vertex in mesh.vertices:
            for axis, span in enumerate(extent):
                span[:] = min(span[0], vertex.co[axis]), max(span[1], vertex.co[axis])
    sizes = [high - low for low, high in extent]
    diagonal = sum(size**2 for size in sizes) ** 0.5
    return {"extent": [size / diagonal for size in sizes], "triangles": count, "area": area / diagonal**2}


if __name__ == "__main__":
    results = [measured(path) for path in sys.argv[2:]]
    with open(sys.argv[1], "w") as file:  # noqa: PTH123
        json.dump(results, file)

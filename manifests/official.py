"""Numbers of objects in the lists that 3DIEBench was published with."""

from collections.abc import Mapping

from threedie.manifests.classes import SYNSETS, name_of

OFFICIAL_COUNTS: dict[str, int] = dict(
    zip(
        SYNSETS,
        (
            *(4045, 343, 83, 113, 856, 233, 1813, 73, 452, 498, 186, 939, 1571, 113, 108, 56, 3514, 831, 6778),
            *(651, 65, 93, 1093, 73, 744, 298, 797, 162, 596, 424, 2318, 460, 1597, 94, 67, 152, 337, 214, 239),
            *(96, 307, 602, 166, 66, 2373, 85, 152, 3173, 218, 8436, 1089, 133, 389, 1939, 169),
        ),
        strict=True,
    )
)
"""Objects of each class, training and validation together: counted in the published `train_labels.npy` (41,920) and
`val_labels.npy` (10,552)."""

LEFT_OUT = {"02958343": 19}
"""Objects of ShapeNetCore v2 (52,491) that the lists (52,472) don't have: all are cars."""

_ALIKE = 0.1


def compare_counts(counts: Mapping[str, int]) -> list[str]:
    """Sentences on classes that have nearly as many objects as the published lists, but not the same number.

    Classes of a very different size come from another collection and are left out.

    Args:
        counts: objects of each class, by synset id.
    """
    sentences = []
    for synset, expected in OFFICIAL_COUNTS.items():
        count, extra = counts.get(synset, 0), LEFT_OUT.get(synset, 0)
        name = name_of(synset)
        if abs(count - expected) > max(extra, _ALIKE * expected):
            continue
        if extra and count == expected:
            sentences.append(
                f"{name}: {count:,}, as in 3DIEBench's lists; ShapeNetCore v2 has {extra} more, which they leave out"
            )
        elif extra and count == expected + extra:
            sentences.append(f"{name}: {count:,}, all of ShapeNetCore v2; 3DIEBench's lists leave {extra} of them out")
        elif count < expected:
            sentences.append(f"{name}: {count:,}, {expected - count:,} fewer than in 3DIEBench's lists ({expected:,})")
        elif count > expected:
            sentences.append(f"{name}: {count:,}, {count - expected:,} more than in 3DIEBench's lists ({expected:,})")
    return sentences

"""Methods in files of users: those written before there was `TwoViewMethod` work as they are."""

import re
from pathlib import Path

import torch
from test_methods import batch_for

from threedie.baselines.registry import build_method
from threedie.benchmark.training.own_methods import load_method

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-method.md"
OLD = '''
"""Cosine: the embeddings of two views point the same way, and don't all point one way."""

from torch import Tensor
from torch.nn import functional as F

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts
from threedie.baselines.projector import build_projector


class Cosine(Method):
    """Cosine similarity of two views, and VICReg's variance against collapse."""

    def __init__(self, backbone, projector="2048-2048-2048", *, variance_weight: float = 1.0):
        super().__init__()
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)
        self.variance_weight = variance_weight

    @property
    def parts(self) -> Parts:
        return Parts()

    def represent(self, images: Tensor) -> Tensor:
        return self.backbone(images)

    def embed(self, representation: Tensor) -> Tensor:
        return self.projector(representation)

    def forward(self, batch: Batch) -> MethodOutput:
        representation = self.represent(batch.view1), self.represent(batch.view2)
        embedding = self.embed(representation[0]), self.embed(representation[1])
        u, v = gather(embedding[0]), gather(embedding[1])
        invariance = 1 - F.cosine_similarity(u, v).mean()
        variance, _ = losses.regularisation(u, v)
        loss = invariance + self.variance_weight * variance
        terms = {"invariance": invariance.detach(), "variance": variance.detach()}
        return MethodOutput(loss, terms, representation, embedding)
'''
"""The example of the docs before there was `TwoViewMethod`, as it was."""


def test_a_method_on_the_old_base_gives_what_the_one_of_the_docs_gives(tmp_path):
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    results = []
    for index, code in enumerate((OLD, example)):
        path = tmp_path / f"mine{index}.py"
        path.write_text(code, encoding="utf-8")
        torch.manual_seed(0)
        method = build_method(load_method(f"{path}:Cosine"), width=4, projector="64-32", options={"variance_weight": 2})
        output = method(batch_for(method))
        output.loss.backward()
        assert set(output.terms) == {"invariance", "variance"}
        assert not any(term.requires_grad for term in output.terms.values())
        results.append([output.loss, *output.terms.values(), *(each.grad for each in method.parameters())])
    assert all(torch.equal(old, new) for old, new in zip(*results, strict=True))

from pathlib import Path

import pytest
from click.testing import CliRunner
from model_samples import CHAIR, put
from PIL import Image

from threedie.render.commands.models import models
from threedie.render.models.embedded_source import SHIPPED


@pytest.mark.blender
@pytest.mark.slow
def test_a_sheet_of_all_and_one_per_class(tmp_path: Path) -> None:
    small = ["--models", str(SHIPPED), "--views", "1", "--size", "16", "--workers", "1"]
    one = tmp_path / "one.png"
    result = CliRunner().invoke(models, ["preview", *small, "--classes", "chair,piano", "-o", str(one)])
    assert result.exit_code == 0, result.output
    assert Image.open(one).height > Image.open(one).width
    result = CliRunner().invoke(models, ["preview", *small, "--classes", "chair,mailbox", "-o", str(tmp_path / "all")])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["chair.png", "mailbox.png"]
    put(tmp_path / "bad", CHAIR, "a", "v 0 0 0\n")
    result = CliRunner().invoke(models, ["preview", "--models", str(tmp_path / "bad"), "-o", str(tmp_path / "x")])
    assert "none of the models can be rendered" in str(result.exception)

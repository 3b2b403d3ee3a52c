"""Presets."""

from pathlib import Path

import pytest
from mutations import fuzz

from threedie.render.preset import load_preset, preset_names, preset_text

pytestmark = pytest.mark.fuzz


def test_presets(tmp_path: Path) -> None:
    samples = [preset_text(name).encode() for name in preset_names()]
    fuzz([*samples, b"\xef\xbb\xbf" + samples[0]], lambda path: load_preset(str(path)), tmp_path, "mine.toml")

"""Presets as other programs save them, and damaged ones."""

from pathlib import Path

import pytest

from threedie.manifests.errors import ThreeDieError
from threedie.render.preset import load_preset, preset_text

TEXT = preset_text("3diebench")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
    ],
)
def test_a_preset_is_read_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.toml").write_bytes(content)
    assert load_preset(str(tmp_path / "mine.toml")) == load_preset("3diebench")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "name is missing"),
        (TEXT.encode()[:400], "is missing"),
        (b"\xff\xfe\x00", "not a preset .TOML. in UTF-8"),
        (b"a = " + b"[" * 100_000, "not a TOML file"),
        (b"a = " + b"9" * 5_000, "not a TOML file"),
        (
            TEXT.replace("image_size = 256", "image_size = " + "9" * 400).encode(),
            "image_size is a whole number of 1329 bits",
        ),
        (TEXT.replace("grey = 0.05", "grey = " + "9" * 400).encode(), "world.grey is a whole number of 1329 bits"),
        (TEXT.replace("grey = 0.05", 'grey = "' + "9" * 400 + '*pi"').encode(), "world.grey is '999"),
        (TEXT.replace("grey = 0.05", "grey = nan").encode(), "world.grey is nan"),
        (TEXT.replace("grey = 0.05", '"gr\\ney" = 0.05').encode(), r"gr\\ney"),
        (TEXT.replace("grey = 0.05", "g" * 5_000 + " = 0.05").encode(), "is not a setting"),
    ],
)
def test_a_damaged_preset_is_refused_in_one_short_line(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(ThreeDieError, match=rf"mine\.toml.*{says}") as caught:
        load_preset(str(tmp_path / "mine.toml"))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000

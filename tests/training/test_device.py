"""What is chosen by the device. A GPU is not at hand: that one is seen is said by hand."""

from __future__ import annotations

import pytest

from suite.training import device


@pytest.mark.parametrize(("gpu", "chunk", "convolutions"), [(False, 512, False), (True, 8192, True)])
def test_what_hangs_on_a_gpu(gpu: bool, chunk: int, convolutions: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "on_gpu", lambda: gpu)
    assert device.chunk() == chunk
    assert device.compiles_with_xla(False) is convolutions
    assert device.compiles_with_xla(True) is True

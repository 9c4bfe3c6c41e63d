"""The monitor's tests."""

import pytest

pytest.register_assert_rewrite("tests.monitor.kinds")

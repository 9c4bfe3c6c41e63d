"""The `suite` command line."""

from __future__ import annotations

from suite.cli.commands import main

__all__ = ["main"]

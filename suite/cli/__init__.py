"""The `suite` command: parse, call, print."""

from __future__ import annotations

from suite.cli import claim_commands
from suite.cli.commands import main

__all__ = ["claim_commands", "main"]

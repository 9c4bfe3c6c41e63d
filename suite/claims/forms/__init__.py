"""The forms of a claim: every class of this package with a key. Adding a form takes one module."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from suite.claims.claim import Form


def find_forms() -> Mapping[str, type[Form]]:
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    classes = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    forms = [found for found in classes if issubclass(found, Form) and "key" in vars(found)]
    return {form.key: form for form in sorted(forms, key=lambda form: form.key)}


FORMS = find_forms()
"""The forms by their key in a claim."""

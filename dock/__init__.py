"""sertdock: docking and short simulations in named sites, compared, from SMILES to report.

The nouns and verbs in `__init__.pyi` are imported at first use, so that `import dock` is quick.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

try:
    __version__ = version("sertdock")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "unknown"

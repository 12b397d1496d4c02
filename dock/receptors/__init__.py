"""Receptors: from a raw entry to a complete, protonated structure with named sites."""

from dock.receptors.receptor import Receptor
from dock.receptors.site import Site

__all__ = ["Receptor", "Site"]

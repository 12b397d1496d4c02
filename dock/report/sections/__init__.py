"""Sections of the report: each a module with its `values`, beside its template of the same name.

``values(content)`` takes the `ReportContent` and returns what the template shows, by name; None where the section is
not shown. A template knows nothing else but the filter ``number`` and whether there are ``several`` receptors.
"""

# In their order on the page.
SECTIONS = (
    "supports",
    "gate",
    "crossdocking",
    "receptor",
    "failures",
    "searches",
    "complexes",
    "view",
    "simulations",
    "ions",
    "comparisons",
    "occupancy",
    "poses",
    "limits",
    "ligands",
    "penalties",
    "making",
    "scripts",
)

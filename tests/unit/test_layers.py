"""Every module imports only what stands below it, also inside functions; none imports itself over others."""

from graphlib import TopologicalSorter

import pytest
from revisions import ROOT, imports, parsed, source_of, statements

LAYERS = (
    "core", "ligands", "receptors", "docking", "forcefield", "systems", "dynamics", "analysis", "workflow", "steps",
    "report", "campaign", "verbs", "cli",
)  # fmt: skip


@pytest.fixture(scope="module")
def graph():
    """What each module imports of this package, but for type checkers."""
    paths = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "dock").rglob("*.py")]
    modules = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return {
        module: {
            other
            for _, other, _ in imports(statements(parsed(module)))
            if source_of(other) and other != "dock"
        }
        for module in modules
    }


def layer(module):
    return LAYERS.index(module.split(".")[1])


def test_imports_point_down(graph):
    assert len(graph) > 100
    up = [
        (m, other)
        for m, others in graph.items()
        if m != "dock"
        for other in others
        if layer(other) > layer(m)
    ]
    assert up == []


def test_nothing_imports_itself(graph):
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def test_the_workflow_knows_nothing_of_docking(graph):
    below = {
        other.split(".")[1]
        for m, others in graph.items()
        if m.startswith("dock.workflow")
        for other in others
    }
    assert below == {"core", "workflow"}

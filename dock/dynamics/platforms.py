"""Processors: which OpenMM platform a simulation runs on, and with how many threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dock.core.errors import SettingsError

if TYPE_CHECKING:
    from openmm import Context, Integrator, System

NAMES = ("auto", "CPU", "CUDA", "OpenCL", "HIP")
FASTEST_FIRST = ("CUDA", "HIP", "OpenCL", "CPU")


@dataclass(frozen=True)
class Processor:
    """A platform with its properties, and why faster ones were passed over.

    Attributes
    ----------
    platform : str
        OpenMM's name of it.
    properties : mapping of str to str
    passed_over : mapping of str to str
        Reason by platform.
    """

    platform: str
    properties: Mapping[str, str] = field(default_factory=dict)
    passed_over: Mapping[str, str] = field(default_factory=dict)

    def context(self, system: System, integrator: Integrator) -> Context:
        """Make a context of the system on this processor."""
        from openmm import Context, Platform

        platform = Platform.getPlatformByName(self.platform)
        return Context(system, integrator, platform, dict(self.properties))


def choose_processor(name: str = "auto", threads: int | None = None) -> Processor:
    """Return the platform called `name`, or for ``auto`` the fastest that works.

    Parameters
    ----------
    name
        One of ``auto``, ``CPU``, ``CUDA``, ``OpenCL``, ``HIP``.
    threads
        Threads of the CPU platform; all cores if None.

    Raises
    ------
    SettingsError
        If the platform is unknown, or does not work here.
    """
    if name not in NAMES:
        raise SettingsError(name, "is no platform", f"known: {', '.join(NAMES)}")
    passed_over: dict[str, str] = {}
    for candidate in FASTEST_FIRST if name == "auto" else (name,):
        processor = Processor(candidate, _properties(candidate, threads), dict(passed_over))
        problem = _problem(processor)
        if problem is None:
            return processor
        passed_over[candidate] = problem
    raise SettingsError(name, f"does not work here ({passed_over[name]})", "use --platform auto")


def _properties(platform: str, threads: int | None) -> dict[str, str]:
    if platform == "CPU":
        # Summing forces in a fixed order makes a run repeat on the same machine.
        return {"DeterministicForces": "true"} | ({"Threads": str(threads)} if threads else {})
    return {"Precision": "mixed"}


def _problem(processor: Processor) -> str | None:
    """Try one force evaluation; return what went wrong, in one line."""
    import openmm

    available = [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]
    if processor.platform not in available:
        return "not installed"
    system = openmm.System()
    system.addParticle(1.0)
    try:
        context = processor.context(system, openmm.VerletIntegrator(0.001))
        context.setPositions([openmm.Vec3(0, 0, 0)])
        context.getState(energy=True)
    except openmm.OpenMMException as error:
        return " ".join(str(error).split())
    return None

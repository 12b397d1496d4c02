"""Processors: which OpenMM platform a simulation runs on, on which device and with how many threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from dock.core.errors import SettingsError, SimulationError

if TYPE_CHECKING:
    from openmm import Context, Integrator, Platform, System

NAMES = ("auto", "CPU", "CUDA", "OpenCL", "HIP")
FASTEST_FIRST = ("CUDA", "HIP", "OpenCL", "CPU")
INSTALL = {
    "CUDA": "pip install 'sertdock[cuda12]' or '[cuda13]', whichever the driver has",
    "HIP": "pip install 'sertdock[hip6]' or '[hip7]', whichever the driver has",
    "OpenCL": "install the OpenCL loader and the driver of the card",
}
# OpenCL drivers that compute on the processor's cores, which OpenMM's own CPU platform does faster.
ON_THE_PROCESSOR = ("portable computing language", "cpu runtime", "oclgrind")
Precision = Literal["single", "mixed", "double"]


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

    @property
    def gpu(self) -> bool:
        """Whether it is a card, which several simulations can share."""
        return self.platform not in ("CPU", "Reference")

    @property
    def rounding(self) -> float:
        """Relative rounding error of the coordinates it keeps, unless they are in double precision."""
        return 6e-8 if self.properties.get("Precision") == "single" else 0.0

    @contextmanager
    def as_default(self) -> Iterator[Platform]:
        """Give OpenMM's platform these properties for a while, for code that makes contexts of its own."""
        from openmm import Platform

        platform = Platform.getPlatformByName(self.platform)
        before = {name: platform.getPropertyDefaultValue(name) for name in self.properties}
        try:
            for name, value in self.properties.items():
                platform.setPropertyDefaultValue(name, value)
            yield platform
        finally:
            for name, value in before.items():
                platform.setPropertyDefaultValue(name, value)

    def configured(self, threads: int | None, precision: Precision, device: str | None) -> Processor:
        """Return it with other properties, as of `choose_processor`; nothing is tried."""
        return replace(self, properties=_properties(self.platform, threads, precision, device))

    def context(self, system: System, integrator: Integrator) -> Context:
        """Make a context of the system on this processor.

        Raises
        ------
        SimulationError
            If it does not take the system: its memory is full, or a cutoff exceeds half the box.
        """
        from openmm import Context, OpenMMException, Platform

        try:
            platform = Platform.getPlatformByName(self.platform)
            return Context(system, integrator, platform, dict(self.properties))
        except OpenMMException as error:
            raise SimulationError(
                f"platform {self.platform}", f"does not take the system ({' '.join(str(error).split())})"
            ) from error


def choose_processor(
    name: str = "auto",
    threads: int | None = None,
    precision: Precision = "mixed",
    device: str | None = None,
) -> Processor:
    """Return the platform called `name`, or for ``auto`` the fastest that works.

    Parameters
    ----------
    name
        One of ``auto``, ``CPU``, ``CUDA``, ``OpenCL``, ``HIP``.
    threads
        Threads of the CPU platform; all cores if None.
    precision
        Of the other platforms. The CPU platform has one of its own: single, with sums in double.
    device
        Index of the card, from 0; OpenMM chooses if None.

    Raises
    ------
    SettingsError
        If the platform is unknown, or does not work here, or a device is named where no card works.
    """
    if name not in NAMES:
        raise SettingsError(name, "is no platform", f"known: {', '.join(NAMES)}")
    if precision not in get_args(Precision):
        raise SettingsError(precision, "is no precision", f"known: {', '.join(get_args(Precision))}")
    passed_over: dict[str, str] = {}
    for candidate in FASTEST_FIRST if name == "auto" else (name,):
        if candidate == "CPU" and device is not None:
            reasons = "".join(f"; {card}: {reason}" for card, reason in passed_over.items())
            raise SettingsError(
                f"device {device}", f"is no part of the CPU platform{reasons}", "leave it out"
            )
        properties = _properties(candidate, threads, precision, device)
        processor = Processor(candidate, properties, dict(passed_over))
        problem = _problem(processor, asked=name != "auto")
        if problem is None:
            return processor
        passed_over[candidate] = problem
    raise SettingsError(name, f"does not work here ({passed_over[name]})", "use --platform auto")


def devices(platform: str) -> list[str]:
    """Return the indices of the cards that a platform finds, as text; empty for the CPU."""
    found: list[str] = []
    if platform not in INSTALL:
        return found
    while _problem(Processor(platform, {"DeviceIndex": str(len(found))}), asked=True) is None:
        found.append(str(len(found)))
    return found


def _properties(platform: str, threads: int | None, precision: str, device: str | None) -> dict[str, str]:
    if platform == "CPU":
        # Summing forces in a fixed order makes a run repeat on the same machine.
        return {"DeterministicForces": "true"} | ({"Threads": str(threads)} if threads else {})
    return {"Precision": precision} | ({"DeviceIndex": device} if device is not None else {})


def _problem(processor: Processor, asked: bool) -> str | None:
    """Try one force evaluation; return what went wrong, in one line.

    What works is a problem all the same where nobody asked for it and another platform is faster.
    """
    import openmm

    name = processor.platform
    available = [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]
    if name not in available:
        # A plugin that is there but lacks the driver tells so, in a line for each library that it tried.
        failures = [line for line in openmm.Platform.getPluginLoadFailures() if f"libOpenMM{name}." in line]
        if failures:
            lacking = " ".join(failures[0].split(": ", 1)[-1].split())
            return f"installed, but its driver is missing or broken ({lacking})"
        return f"not installed; {INSTALL[name]}"
    system, force = openmm.System(), openmm.NonbondedForce()
    for _ in range(2):
        system.addParticle(1.0)
        force.addParticle(0.0, 0.3, 0.5)
    system.addForce(force)
    try:
        context = processor.context(system, openmm.VerletIntegrator(0.001))
        context.setPositions([openmm.Vec3(0, 0, 0), openmm.Vec3(0.4, 0, 0)])
        context.getState(energy=True)
    except SimulationError as error:
        return error.problem
    except openmm.OpenMMException as error:
        return " ".join(str(error).split())
    if name == "OpenCL" and not asked:
        driver = context.getPlatform().getPropertyValue(context, "OpenCLPlatformName")
        if any(word in driver.lower() for word in ON_THE_PROCESSOR):
            return f"{driver} computes on the processor's cores, which the CPU platform does faster"
    return None

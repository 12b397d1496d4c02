"""The protocol of a simulation: minimise, release restraints step by step, produce; in several replicas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from dock.core.records import Record
from dock.core.units import Duration, Pressure, Quantity, Rate, Stiffness, Temperature, Time, WallTime
from dock.forcefield.platforms import Precision
from dock.systems.complexes import SystemSettings

# Over equal parts of the equilibration the restraints fall to these fractions of their strength, in a strong bath.
RELEASE = (1.0, 0.5, 0.1, 0.0)
# The rest of it runs as production does, and is repeated until the temperature has settled, this often at most.
SETTLING_SHARE, MOST_SETTLING = 0.2, 6
# What a setting that nobody set is of a membrane: the default is made for a site on a CPU.
# Membranes have blown up at 4 fs after 2 to 25 ns (openmm issue 2026).
OF_MEMBRANES: Mapping[str, Any] = {
    "minimisation_steps": 2000,
    "equilibration": Quantity("200 ps"),
    "production": Quantity("5 ns"),
    "frame_interval": Quantity("20 ps"),
    "equilibration_timestep": Quantity("2 fs"),
    "timestep": Quantity("2 fs"),
}


class SimulationSettings(Record):
    """How a complex is simulated.

    Attributes
    ----------
    minimisation_steps : int
        Iterations of the minimiser at most. They take out what overlaps; the restrained part of the equilibration
        does the rest.
    equilibration, production : Duration, Time
        Simulated time before and while frames are kept. Over four fifths of the equilibration the
        restraints have their whole strength, half of it, a tenth of it, and none. Over the last fifth all is
        as in production; it is repeated, up to five times, until its mean temperature is that of the bath.
    restraint : Stiffness
        Of the harmonic restraints that hold heavy atoms of receptor and ligands where they started.
    equilibration_timestep, timestep : Time
        More than 2 fs needs hydrogens of at least 3 amu and a settled system.
    temperature : Temperature
    equilibration_friction, friction : Rate
        Of the Langevin bath. It is strong at first, since minimised coordinates take up half of the
        kinetic energy that the velocities begin with, and a structure that relaxes gives off heat.
    pressure : Pressure
        Of a membrane system, by a barostat that leaves the membrane without surface tension.
    frame_interval : Time
        Simulated time between frames.
    whole_frames : int
        Of a site system: how many frames of each replica are put back into the whole receptor for what the
        rest of it adds to the energies; each costs as much as some 300 steps on a CPU.
    replicas : int
        Simulations of the complex that differ in velocities and bath.
    seed : int
        Of velocities and of the bath; those of the replicas are derived from it.
    precision : str
        Of a GPU: ``single``, ``mixed`` or ``double``.
    checkpoint_interval : WallTime
        Working time after which the state is saved. Where saving takes long it is saved less often, so
        that no more than a hundredth of the time goes into it.
    system : SystemSettings
    """

    minimisation_steps: int = Field(default=25, ge=1)
    equilibration: Duration = Quantity("5 ps")
    restraint: Stiffness = Quantity("1000 kJ / mol / nm^2")
    production: Time = Quantity("4 ps")
    equilibration_timestep: Time = Quantity("4 fs")
    timestep: Time = Quantity("4 fs")
    temperature: Temperature = Quantity("310 K")
    equilibration_friction: Rate = Quantity("10 / ps")
    friction: Rate = Quantity("1 / ps")
    pressure: Pressure = Quantity("1 bar")
    frame_interval: Time = Quantity("0.4 ps")
    whole_frames: int = Field(default=1, ge=1)
    replicas: int = Field(default=3, ge=1)
    seed: int = Field(default=1, ge=1)
    precision: Precision = "mixed"
    checkpoint_interval: WallTime = Quantity("15 s")
    system: SystemSettings = SystemSettings()

    @property
    def restrained_steps(self) -> int:
        """Steps over which the restraints are released."""
        share = (1 - SETTLING_SHARE) * self.equilibration.value_in("fs")
        return round(share / self.equilibration_timestep.value_in("fs"))

    @property
    def settling_steps(self) -> int:
        """Steps in which the temperature settles, once."""
        return round(SETTLING_SHARE * self.equilibration.value_in("fs") / self.timestep.value_in("fs"))

    @property
    def equilibration_steps(self) -> int:
        """Steps before frames are kept, if the temperature has settled the first time."""
        return self.restrained_steps + self.settling_steps

    @property
    def release_steps(self) -> tuple[int, ...]:
        """The step at which each part of the release ends."""
        parts = range(1, len(RELEASE) + 1)
        return tuple(round(self.restrained_steps * part / len(RELEASE)) for part in parts)

    @property
    def frame_steps(self) -> int:
        """Steps between frames."""
        return round(self.frame_interval.value_in("fs") / self.timestep.value_in("fs"))

    @property
    def frames(self) -> int:
        """Frames that are kept."""
        return round(self.production.value_in("fs") / self.frame_interval.value_in("fs"))

    @property
    def production_steps(self) -> int:
        """Steps while frames are kept."""
        return self.frames * self.frame_steps

    @property
    def steps(self) -> int:
        """Steps of equilibration and production, if the temperature has settled the first time."""
        return self.equilibration_steps + self.production_steps

    @model_validator(mode="before")
    @classmethod
    def _suited(cls, given: Any) -> Any:
        system = given.get("system") if isinstance(given, Mapping) else None
        kind = system.get("kind") if isinstance(system, Mapping) else getattr(system, "kind", None)
        return {**OF_MEMBRANES, **given} if kind == "membrane" else given

    @model_validator(mode="after")
    def _whole_frames(self) -> SimulationSettings:
        longest = 4.0 if self.system.hydrogen_mass.value_in("amu") >= 3.0 else 2.0
        if max(self.timestep.value_in("fs"), self.equilibration_timestep.value_in("fs")) > longest + 1e-9:
            raise ValueError(f"time steps above {longest:g} fs need heavier hydrogens, or are too long")
        for part, whole in (("timestep", "frame_interval"), ("frame_interval", "production")):
            ratio = getattr(self, whole).value_in("fs") / getattr(self, part).value_in("fs")
            if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6:
                raise ValueError(f"{whole} must be a multiple of {part}")
        return self

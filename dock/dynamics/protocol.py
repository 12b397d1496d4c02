"""The protocol of a simulation: minimise, release restraints step by step, produce; in several replicas."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from pydantic import Field, model_validator

from dock.core.records import Record, text_too
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
    "equilibration_timestep": Quantity("2 fs"),
    "timestep": Quantity("2 fs"),
}
# Where none is given and production is a multiple of it; of membranes, which move slowly, a longer one.
FRAME_INTERVAL, MEMBRANE_FRAME_INTERVAL = Quantity("0.4 ps"), Quantity("20 ps")
LEAST_FRAMES, MOST_FRAMES = 10, 10_000  # that an interval is chosen for
LEFT_OUT = {"timestep": "", "frame_interval": "; one that fits is chosen where it is left out"}


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
        Simulated time between frames. Where it is left out, it is the default (of a membrane 20 ps) if production is a
        multiple of that, of up to 10,000; else what divides production into whole frames and is nearest to the
        default, to a tenth of a short production, or to a ten-thousandth of a long one.
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
    frame_interval: Time = FRAME_INTERVAL
    whole_frames: int = Field(default=1, ge=1)
    replicas: int = Field(default=3, ge=1)
    seed: int = Field(default=1, ge=1)
    precision: Precision = "mixed"
    checkpoint_interval: WallTime = Quantity("15 s")
    system: SystemSettings = Field(default=SystemSettings(), json_schema_extra=text_too)

    def continuing(self, before: SimulationSettings) -> SimulationSettings:
        """Return the settings with the frame interval of a simulation that they continue, if none was set.

        Longer production may have another interval by itself, but a trajectory has one.
        """
        production, interval = self.production.value_in("fs"), before.frame_interval.value_in("fs")
        whole = _is_multiple(production, interval) and _is_multiple(interval, self.timestep.value_in("fs"))
        if "frame_interval" in self.model_fields_set or not whole:
            return self
        return self.model_copy(update={"frame_interval": before.frame_interval})

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
        if not isinstance(given, Mapping):
            return given
        system = given.get("system")
        if isinstance(system, str):
            system = {"kind": system}
            given = {**given, "system": system}
        kind = system.get("kind") if isinstance(system, Mapping) else getattr(system, "kind", None)
        return {**OF_MEMBRANES, **given} if kind == "membrane" else given

    @model_validator(mode="after")
    def _whole_frames(self) -> SimulationSettings:
        longest = 4.0 if self.system.hydrogen_mass.value_in("amu") >= 3.0 else 2.0
        if max(self.timestep.value_in("fs"), self.equilibration_timestep.value_in("fs")) > longest + 1e-9:
            raise ValueError(f"time steps above {longest:g} fs need heavier hydrogens, or are too long")
        if "frame_interval" not in self.model_fields_set:
            # A value that nobody set: it may change with production.
            self.__dict__["frame_interval"] = self._fitting_interval()
        for part, whole in (("timestep", "frame_interval"), ("frame_interval", "production")):
            ratio = getattr(self, whole).value_in("fs") / getattr(self, part).value_in("fs")
            if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6:
                raise ValueError(
                    f"{whole} must be a multiple of {part} ({getattr(self, part)}){LEFT_OUT[part]}"
                )
        return self

    def _fitting_interval(self) -> Quantity:
        """Return the time between frames that goes with production, where none is given."""
        default = MEMBRANE_FRAME_INTERVAL if self.system.kind == "membrane" else FRAME_INTERVAL
        step, wanted = self.timestep.value_in("fs"), default.value_in("fs")
        production = self.production.value_in("fs")
        few = production <= MOST_FRAMES * wanted
        if few and _is_multiple(production, wanted) and _is_multiple(wanted, step):
            return default
        steps = round(production / step)
        if not _is_multiple(production, step):
            raise ValueError(
                f"production must be a multiple of timestep ({self.timestep}), such as {_time(max(steps, 1) * step)}"
            )
        # As few or many frames as may be, where the default gives fewer or more.
        aim = production / max(min(wanted, production / LEAST_FRAMES), production / MOST_FRAMES)
        whole = [frames for frames in range(1, 4 * MOST_FRAMES) if steps % frames == 0]
        return _time(production / min(whole, key=lambda frames: abs(log(frames / aim))))


def _is_multiple(whole: float, part: float) -> bool:
    ratio = whole / part
    return round(ratio) >= 1 and abs(ratio - round(ratio)) < 1e-6


def _time(femtoseconds: float) -> Quantity:
    """Return a time as people write it."""
    return Quantity(f"{round(femtoseconds / 1000, 9):.12g} ps")

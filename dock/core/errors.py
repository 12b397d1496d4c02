"""The exceptions of sertdock: one small tree, each naming the input at fault and what to do."""

from __future__ import annotations


class DockError(Exception):
    """Base of every error that sertdock raises on purpose.

    Parameters
    ----------
    subject : str
        The input at fault: a file, a ligand name, a setting.
    problem : str
        What is wrong with it.
    advice : str, optional
        What the user can do about it.
    """

    exit_code = 1

    def __init__(self, subject: object, problem: str, advice: str = "") -> None:
        self.subject = str(subject)
        self.problem = problem
        self.advice = advice
        super().__init__(self.subject, problem, advice)

    def __str__(self) -> str:
        text = f"{self.subject}: {self.problem}"
        line = f"{text}; {self.advice}" if self.advice else text
        return " ".join(line.split())


class InputError(DockError, ValueError):
    """The user's input is wrong; the command line exits with 2."""

    exit_code = 2


class UnknownNameError(InputError):
    """A name that no catalogue entry, site or command answers to."""


class ChemistryError(InputError):
    """A molecule that cannot be read, or is not what it is said to be."""


class StructureError(InputError):
    """A structure file that cannot be found, read or prepared."""


class SettingsError(InputError):
    """A campaign file with unknown or impossible settings."""


class OutputError(InputError):
    """A folder that results cannot be written to."""


class ChangedError(InputError):
    """Work that was begun with other inputs, settings or software than are there now."""


class MissingDependencyError(DockError, ImportError):
    """A program or package that the work needs and this machine lacks."""


class LibraryError(InputError):
    """A file of molecules that cannot be found, opened or made sense of."""


class WorkerError(DockError):
    """A worker process that died, or took too long, over one item."""


class EmbeddingError(DockError):
    """No three-dimensional conformer could be made for a ligand."""


class ParameterError(DockError):
    """No force-field parameters could be derived for a molecule."""


class DockingError(DockError):
    """A docking engine failed, or left no pose in the site asked for."""


class SimulationError(DockError):
    """A simulation broke down, for instance by energies that are not finite."""


class StoppedError(DockError):
    """Work that was stopped in time and goes on when the same is asked for again."""

    exit_code = 3


class AnalysisError(DockError):
    """A trajectory that cannot be analysed."""


class GateError(DockError):
    """The redocking gate was not passed."""


class TaskError(DockError):
    """A step that failed for a reason the code did not foresee."""

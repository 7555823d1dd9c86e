"""`python -m vercel_emu`."""

from vercel_emu.cli import main

if __name__ == "__main__":
    main()

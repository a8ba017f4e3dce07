"""The environment that has the official client, made once and kept in the user's cache."""
import os
import shutil
import sys
from pathlib import Path


def cache_dir():
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "switchover"


def ensure(programs, requirements):
    """The environment's python. An environment made for other requirements, or never finished, is made anew."""
    place = cache_dir() / "demo-venv"
    python, made_for = place / "bin" / "python", place / "made-for"
    wanted = f"{sys.version}\n{requirements.read_text()}"
    if made_for.exists() and made_for.read_text() == wanted and python.exists():
        return python
    shutil.rmtree(place, ignore_errors=True)
    programs.run("venv", [sys.executable, "-m", "venv", place], stdout_log=True)
    programs.run("pip", [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], stdout_log=True)
    made_for.write_text(wanted)
    return python

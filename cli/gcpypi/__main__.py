"""Entry point of ``python -m gcpypi``."""

from gcpypi.main import run

if __name__ == "__main__":
    run()

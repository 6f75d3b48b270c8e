"""Container engines: Docker, or Buildah with Podman if no Docker engine answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images import base
from images.execution import CommandFailed, run, succeeds

_DOCKER_BASE = "python:3.13-slim"
_HOST_FILES = ("/etc/ssl/certs", "/etc/pip.conf")
"""Certificates and package index of this machine, for the build only."""

_PODMAN = ("podman", "--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=runc")
_LOW_LIMITS = ("--ulimit=nofile=1024:4096", "--ulimit=nproc=4096:4096")
"""Lower limits than Podman's defaults, which root in a container may not set."""

_LIKE_CLOUD_RUN = ("--network=host", "--cap-drop=all", "--security-opt=no-new-privileges")
_READ_ONLY = ("--read-only", "--tmpfs=/tmp")


@dataclass(frozen=True, slots=True)
class Engine:
    """Container engine.

    :param base: the base image of all images.
    :param build_with: the build command without its arguments.
    :param run_with: the command that runs, inspects and stops containers.
    :param flags: the options of each ``run``.
    """

    name: str
    base: str
    build_with: tuple[str, ...]
    run_with: tuple[str, ...]
    flags: tuple[str, ...]

    def build(self, service: str, root: Path) -> str:
        """Build the image of a service; return its name."""
        image = f"localhost/gcpypi-{service}:check"
        arguments = [f"--build-arg=SERVICE={service}", f"--build-arg=BASE={self.base}"]
        run([*self.build_with, *arguments, f"--tag={image}", str(root)])
        return image

    def measure(self, image: str) -> int:
        """Return the unpacked size of an image in bytes."""
        return int(run([*self.run_with, "image", "inspect", "--format={{.Size}}", image]))

    def execute(self, image: str, script: str, *arguments: str, user: str | None = None) -> str:
        """Run a Python script in an image; return its output."""
        flags = [*self.flags, *([f"--user={user}"] if user else [])]
        command = [*self.run_with, "run", "--rm", "--interactive", *flags, image]
        return run([*command, "python", "-", *arguments], feed=script)

    def start(self, image: str, environment: Mapping[str, str], *command: str) -> str:
        """Start a container with a read-only file system; return its ID."""
        settings = [f"--env={name}={value}" for name, value in environment.items()]
        flags = [*self.flags, *_READ_ONLY, *settings]
        return run([*self.run_with, "run", "--detach", *flags, image, *command])

    def stop(self, container: str, seconds: int) -> int:
        """Send SIGTERM, and SIGKILL after ``seconds``; return the exit code."""
        run([*self.run_with, "stop", f"--time={seconds}", container])
        return int(run([*self.run_with, "inspect", "--format={{.State.ExitCode}}", container]))

    def log(self, container: str) -> str:
        """Return the log of a container."""
        return run([*self.run_with, "logs", container])

    def remove(self, container: str) -> None:
        """Remove a container, also a running one."""
        run([*self.run_with, "rm", "--force", container])


def choose() -> Engine:
    """Return Docker if its engine answers, else Buildah.

    :raises CommandFailed: if neither is available.
    """
    if succeeds(["docker", "info"]):
        return _use_docker()
    if not all(succeeds([name, "--version"]) for name in ("buildah", "podman", "debootstrap")):
        raise CommandFailed(
            "no Docker engine answers: start one, or run apt-get install "
            "--no-install-recommends buildah debootstrap podman runc"
        )
    return _use_buildah()


def _use_docker() -> Engine:
    run(["docker", "pull", "--quiet", _DOCKER_BASE])
    build = ("docker", "build", "--quiet")
    return Engine("docker", _DOCKER_BASE, build, ("docker",), _LIKE_CLOUD_RUN)


def _use_buildah() -> Engine:
    mounts = [f"--volume={path}:{path}:ro" for path in _HOST_FILES if Path(path).exists()]
    build = ("buildah", "bud", "--isolation=chroot", "--network=host", "--pull-never", "--layers")
    flags = (*_LIKE_CLOUD_RUN, *_LOW_LIMITS)
    return Engine("buildah", base.ensure_image(), (*build, *mounts), _PODMAN, flags)

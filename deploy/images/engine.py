"""What builds and runs images: Docker, or Buildah and Podman where no engine answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from images import base
from images.commands import CommandFailed, run, succeeds

_DOCKER_BASE = "python:3.13-slim"
_HOSTS_OWN = ("/etc/ssl/certs", "/etc/pip.conf")
"""By which this machine trusts its network and finds packages; not part of an image."""

_PODMAN = ("podman", "--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=runc")
_NO_RAISING = ("--ulimit=nofile=1024:4096", "--ulimit=nproc=4096:4096")
"""Podman's own limits are above what a container's root may set."""

_LIKE_CLOUD_RUN = ("--network=host", "--cap-drop=all", "--security-opt=no-new-privileges")
_WRITES_NOTHING = ("--read-only", "--tmpfs=/tmp")


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to build and run images.

    :param base: the image that all others start from.
    :param build_with: the command that builds, but for its arguments.
    :param run_with: the command that runs, inspects and stops.
    :param flags: of each ``run``.
    """

    name: str
    base: str
    build_with: tuple[str, ...]
    run_with: tuple[str, ...]
    flags: tuple[str, ...]

    def build(self, service: str, root: Path) -> str:
        """Build a service's image; return its name."""
        image = f"localhost/gcpypi-{service}:check"
        arguments = [f"--build-arg=SERVICE={service}", f"--build-arg=BASE={self.base}"]
        run([*self.build_with, *arguments, f"--tag={image}", str(root)])
        return image

    def size(self, image: str) -> int:
        """The bytes of an image, unpacked."""
        return int(run([*self.run_with, "image", "inspect", "--format={{.Size}}", image]))

    def ask(self, image: str, script: str, *arguments: str, user: str | None = None) -> str:
        """Run a Python script in an image; return what it prints."""
        flags = [*self.flags, *([f"--user={user}"] if user else [])]
        command = [*self.run_with, "run", "--rm", "--interactive", *flags, image]
        return run([*command, "python", "-", *arguments], feed=script)

    def start(self, image: str, environment: Mapping[str, str], *command: str) -> str:
        """Start a container that may write nothing; return its id."""
        settings = [f"--env={name}={value}" for name, value in environment.items()]
        flags = [*self.flags, *_WRITES_NOTHING, *settings]
        return run([*self.run_with, "run", "--detach", *flags, image, *command])

    def stop(self, container: str, seconds: int) -> int:
        """Send SIGTERM, and SIGKILL when ``seconds`` have passed; return the exit code."""
        run([*self.run_with, "stop", f"--time={seconds}", container])
        return int(run([*self.run_with, "inspect", "--format={{.State.ExitCode}}", container]))

    def log(self, container: str) -> str:
        """Return what a container printed."""
        return run([*self.run_with, "logs", container])

    def remove(self, container: str) -> None:
        """Remove a container, running or not."""
        run([*self.run_with, "rm", "--force", container])


def choose() -> Engine:
    """Return Docker if an engine answers, else Buildah.

    :raises CommandFailed: if there is neither.
    """
    if succeeds(["docker", "info"]):
        return _docker()
    if not all(succeeds([name, "--version"]) for name in ("buildah", "podman", "debootstrap")):
        raise CommandFailed(
            "no Docker engine answers, and without one these are needed: apt-get install "
            "--no-install-recommends buildah debootstrap podman runc"
        )
    return _buildah()


def _docker() -> Engine:
    run(["docker", "pull", "--quiet", _DOCKER_BASE])
    build = ("docker", "build", "--quiet")
    return Engine("docker", _DOCKER_BASE, build, ("docker",), _LIKE_CLOUD_RUN)


def _buildah() -> Engine:
    mounts = [f"--volume={path}:{path}:ro" for path in _HOSTS_OWN if Path(path).exists()]
    build = ("buildah", "bud", "--isolation=chroot", "--network=host", "--pull-never", "--layers")
    flags = (*_LIKE_CLOUD_RUN, *_NO_RAISING)
    return Engine("buildah", base.made(), (*build, *mounts), _PODMAN, flags)

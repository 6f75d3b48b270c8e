"""The indexer's settings, each an environment variable of the same name in upper case."""

from datetime import timedelta

from chassis.settings import Duration, ServiceSettings


class Settings(ServiceSettings):
    """What the indexer needs to know."""

    metadata_bucket: str
    """The bucket of the projects' records."""
    verdicts_bucket: str
    """The bucket the answers to commands go to."""
    topic_project_indexed: str = "project-indexed"
    """The topic on which a committed record is announced."""
    topic_file_refused: str = "file-refused"
    """The topic on which a refused command is announced."""
    command_grace: Duration = timedelta(minutes=10)
    """How long after its publish time a command may be for what is not there yet (seconds)."""

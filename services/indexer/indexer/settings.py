"""Settings of the indexer; a field's name in upper case is its environment variable."""

from datetime import timedelta

from chassis.settings import Duration, ServiceSettings


class Settings(ServiceSettings):
    """Settings of the indexer."""

    metadata_bucket: str
    """Bucket of the project records."""
    verdicts_bucket: str
    """Bucket of the answers to commands."""
    topic_project_indexed: str = "project-indexed"
    """Topic for committed records."""
    topic_file_refused: str = "file-refused"
    """Topic for refused commands and for files that the pages do not list."""
    command_grace: Duration = timedelta(minutes=10)
    """Seconds for which Pub/Sub redelivers a command while its file or release is missing."""

"""Settings of the service web; a field's name in upper case is its environment variable."""

from chassis.settings import ServiceSettings
from publisher.settings import IndexUrl, Title


class Settings(ServiceSettings):
    """Settings of the service web."""

    metadata_bucket: str
    """Bucket of the project records."""
    static_bucket: str
    """Bucket of the pages."""
    packages_bucket: str
    """Bucket of the promoted files."""
    title: Title = "Python packages"
    """Title of the index."""
    index_url: IndexUrl = None
    """URL of the index, for absolute URLs in ``/pypi/<project>/json`` and in feeds; unset: relative
    URLs.

    It ends in ``/simple/``. After a change, ``rebuild`` writes the existing pages again.
    """
    readme_images: bool = False
    """Show remote images in descriptions.

    Set it for the proxy too, which allows them in its Content-Security-Policy.
    """

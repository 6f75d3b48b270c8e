"""Content security policies of the pages for people (https://www.w3.org/TR/CSP3/)."""

SANDBOX_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""Policy of feeds and icons. A browser opens them as XML, in which scripts could run."""


def create_page_policy(*, remote_images: bool = False) -> str:
    """Return the policy of a page: style sheets, scripts, data and images of the index only.

    No inline style or script is permitted, so HTML in a description cannot run code.

    :param remote_images: whether the page can show images of other hosts, over HTTPS.
    """
    images = "'self' data: https:" if remote_images else "'self' data:"
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        f"img-src {images}; font-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )

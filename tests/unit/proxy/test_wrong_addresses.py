"""Sentences about wrong addresses: what is for installing, and what for publishing."""

import pytest

from testing.memory_proxy import MemoryProxy

UPLOAD_URL = "https://upload.example/legacy/"


@pytest.mark.settings(upload_url=UPLOAD_URL)
@pytest.mark.parametrize("path", ["/simple/", "/legacy/", "/"])
async def test_a_publish_to_the_proxy_names_the_address_for_publishing(
    proxy: MemoryProxy, path: str
) -> None:
    response = await proxy.ask(path, method="POST")
    assert response.status == 405
    assert response.body.decode() == (
        "Method not allowed: use GET or HEAD. This address is for installing; publish with POST to"
        f" {UPLOAD_URL}.\n"
    )


@pytest.mark.settings(upload_url=UPLOAD_URL)
async def test_an_absent_page_names_the_address_for_publishing(proxy: MemoryProxy) -> None:
    response = await proxy.ask("/legacy/")
    assert (response.status, UPLOAD_URL in response.body.decode()) == (404, True)


async def test_without_an_upload_service_there_is_no_address_to_name(proxy: MemoryProxy) -> None:
    response = await proxy.ask("/simple/", method="POST")
    assert response.body == b"Method not allowed: use GET or HEAD.\n"

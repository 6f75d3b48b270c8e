"""Agreement of the local runtime's topology with the documentation and with itself."""

import json
from dataclasses import asdict

from local import topology
from local.settings import RelaySettings
from local.stand_ins.push_request import compute_back_off
from local.topology import Ports, Subscription


def test_the_standard_ports_are_the_documented_ones() -> None:
    assert asdict(Ports()) == {
        "proxy": 8080,
        "ingest": 8081,
        "indexer": 8082,
        "publisher": 8083,
        "catalog": 8084,
        "pubsub": 8085,
        "secrets": 8086,
        "upload": 8087,
        "web": 8088,
        "signed_put": 8089,
        "signer": 8090,
        "storage": 4443,
    }
    assert Ports().is_standard


def test_a_block_of_ports_is_twelve_in_a_row() -> None:
    assert sorted(asdict(Ports.from_base(9000)).values()) == list(range(9000, 9012))
    assert not Ports.from_base(9000).is_standard


def test_every_subscription_is_of_a_topic_and_for_a_service() -> None:
    for each in topology.SUBSCRIPTIONS:
        assert each.topic in topology.TOPICS
        assert each.service in topology.SERVICES


def test_a_subscriptions_names_follow_from_its_own() -> None:
    each = Subscription("ingest-file-uploaded", "file-uploaded", "ingest")

    assert each.dead_letter == "ingest-file-uploaded-dead-letter"
    assert each.path == "/push/ingest-file-uploaded"


def test_the_relay_delivers_longer_than_a_mistyped_command_waits() -> None:
    attempts = range(1, topology.MAX_DELIVERY_ATTEMPTS)
    delivered_for = sum(compute_back_off(each, topology.BACK_OFF_SCALE) for each in attempts)
    settings = topology.build_service_environment("indexer", Ports())
    assert float(settings["COMMAND_GRACE"]) == 8 < delivered_for / 2


def test_only_the_proxy_gets_the_topics_for_its_description() -> None:
    given = {
        service: topology.build_service_environment(service, Ports()).get("TOPICS")
        for service in topology.SERVICES
    }
    topics = given.pop("proxy")
    assert topics is not None
    assert json.loads(topics) == {topic: topic for topic in topology.TOPICS}
    assert set(given.values()) == {None}


def test_the_upload_service_and_the_proxy_have_the_same_upload_url() -> None:
    ports = Ports.from_base(9000)
    settings = {name: topology.build_service_environment(name, ports) for name in topology.SERVICES}

    assert {name: each.get("UPLOAD_URL") for name, each in settings.items()} == {
        **dict.fromkeys(topology.SERVICES),
        "proxy": topology.build_upload_url(ports),
        "upload": topology.build_upload_url(ports),
    }
    assert topology.build_upload_url(ports) == f"http://127.0.0.1:{ports.upload}/legacy/"
    assert settings["upload"]["INDEX_URL"] == "http://127.0.0.1:9000/simple/"
    assert settings["upload"]["UPLOADERS_SECRET"] == "gcpypi-uploaders"


def test_topics_are_settings() -> None:
    assert topology.build_topic_settings() == {
        "TOPIC_FILE_UPLOADED": "file-uploaded",
        "TOPIC_FILE_ACCEPTED": "file-accepted",
        "TOPIC_FILE_REFUSED": "file-refused",
        "TOPIC_PROJECT_COMMAND": "project-command",
        "TOPIC_COMMAND_ACCEPTED": "command-accepted",
        "TOPIC_PROJECT_INDEXED": "project-indexed",
        "TOPIC_PROJECT_PUBLISHED": "project-published",
    }


def test_the_relay_finds_every_service_on_the_standard_ports_without_settings() -> None:
    settings = RelaySettings()

    assert {
        each.name: settings.url(each.service) + each.path for each in topology.SUBSCRIPTIONS
    } == {
        "ingest-file-uploaded": "http://127.0.0.1:8081/push/ingest-file-uploaded",
        "indexer-file-accepted": "http://127.0.0.1:8082/push/indexer-file-accepted",
        "indexer-project-command": "http://127.0.0.1:8082/push/indexer-project-command",
        "indexer-command-accepted": "http://127.0.0.1:8082/push/indexer-command-accepted",
        "publisher-project": "http://127.0.0.1:8083/push/publisher-project",
        "publisher-catalog": "http://127.0.0.1:8084/push/publisher-catalog",
        "web-project": "http://127.0.0.1:8088/push/web-project",
    }

"""Messages that wait in subscriptions, from the metrics of Cloud Monitoring.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, ValidationError

from cloud import errors
from cloud.rest.google_api import GoogleApi
from schemas.types import Model, format_time

ORIGIN = "https://monitoring.googleapis.com"
WINDOW = timedelta(minutes=15)
"""Age of the oldest point. Google adds a point each minute, some minutes late."""


class _Resource(Model):
    labels: Mapping[str, str] = {}


class _Value(Model):
    count: Annotated[int, Field(alias="int64Value")]


class _Point(Model):
    value: _Value


class _Series(Model):
    resource: _Resource = _Resource()
    points: tuple[_Point, ...] = ()


class _Response(Model):
    series: Annotated[tuple[_Series, ...], Field(alias="timeSeries")] = ()


def count_waiting(
    api: GoogleApi, gcp_project: str, suffix: str, now: datetime
) -> Mapping[str, int]:
    """Return the number of messages by subscription, of the names with this ending.

    :raises PermissionDenied: without ``monitoring.timeSeries.list`` (``roles/monitoring.viewer``).
    """
    path = f"v3/projects/{gcp_project}/timeSeries"
    query = {
        "filter": 'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages" AND '
        f'resource.labels.subscription_id=ends_with("{suffix}")',
        "interval.startTime": format_time(now - WINDOW),
        "interval.endTime": format_time(now),
    }
    try:
        series = _Response.model_validate(api.get(path, query)).series
    except ValidationError as error:
        raise errors.Unavailable(path, f"unexpected response: {error}") from error
    return {
        each.resource.labels.get("subscription_id", ""): each.points[0].value.count
        for each in series
        if each.points
    }

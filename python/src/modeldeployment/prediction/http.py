"""HTTP with patience: what is busy is asked again when it says so, what is wrong is told in its own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError

from ..errors import PredictError

RETRIED = (429, 503)
"""Overloaded and ModelNotReady; both may carry Retry-After."""


class Connection:
    """One endpoint. May be used from several threads."""

    def __init__(self, url: str, *, timeout_s: float, retries: int, headers: Mapping[str, str] | None = None) -> None:
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        retry = urllib3.Retry(
            total=retries,
            status_forcelist=RETRIED,
            # A prediction changes nothing, so that POST may be repeated.
            allowed_methods=None,
            respect_retry_after_header=True,
            backoff_factor=0.2,
            backoff_max=5,
            raise_on_status=False,
            redirect=False,
        )
        self._pool = urllib3.PoolManager(timeout=timeout_s, retries=retry, headers=dict(headers or {}))

    def get_json(self, path: str) -> Any:
        """@raises PredictError."""
        return json.loads(self._request("GET", path).data)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """@raises PredictError for every answer but 200."""
        return self._request("POST", path, body=body, headers={**self._pool.headers, **headers})

    def _request(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        try:
            response = self._pool.request(method, self.url + path, **options)
        except (HTTPError, MaxRetryError) as error:
            reason = getattr(error, "reason", None) or error
            raise PredictError(
                f"{self.url} does not answer: {type(reason).__name__}.",
                "Is the address right, and the model ready (kubectl get modeldeployments)? From outside of the cluster: "
                "kubectl port-forward service/NAME 8080:80, then http://localhost:8080.",
            ) from error
        if response.status != 200:
            raise refusal(response)
        return response


def refusal(response: urllib3.BaseHTTPResponse) -> PredictError:
    """The server's `{"error", "code"}`; of something in between, its status."""
    try:
        body = json.loads(response.data)
        problem, code = str(body["error"]), body.get("code")
    except (ValueError, KeyError, TypeError, AttributeError):
        problem, code = f"HTTP {response.status} {response.reason or ''}".strip(), None
    return PredictError(problem, _WAYS_OUT.get(str(code), _FALLBACK), status=response.status, code=code)


_FALLBACK = "That is no answer of the runtime: look at what stands between (a proxy, a gateway, another service)."
_WAYS_OUT = {
    "InvalidInput": "Correct the rows; the model's page at /docs shows what it takes.",
    "UnknownModel": "Leave the name out: Client(url) asks the endpoint which model it serves.",
    "UnknownRoute": "Give the address of the endpoint without a path.",
    "PayloadTooLarge": "Send fewer rows at once (Client(..., rows_per_request=100)), or raise spec.maxRequestBytes.",
    "Overloaded": "It stayed busy through all retries: raise spec.replicas, or send less at once.",
    "ModelNotReady": "It stayed unready through all retries: kubectl describe modeldeployment says why.",
    "DeadlineExceeded": "Send fewer rows at once, or raise spec.requestTimeout.",
    "InferenceFailed": "The pod's log says why: kubectl logs deployment/NAME.",
}

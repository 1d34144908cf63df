"""Odoo as its web client speaks to it: a session, and JSON-RPC."""

import contextlib
import re

import requests

TIMEOUT = 120  # seconds; the first calls of a fresh server are slow


class OdooRefused(Exception):
    """Odoo said no; the message is its sentence."""


class OdooClient:
    """One person who is logged in. Raises OdooRefused with Odoo's own sentence."""

    def __init__(self, url: str, database: str, login: str, password: str):
        self.url, self.database = url, database
        self._http = requests.Session()
        answer = self._post(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        self.user = answer["uid"]

    def _post(self, path: str, params: dict):
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self._http.post(self.url + path, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        told = answer.json()
        if "error" in told:
            data = told["error"].get("data") or {}
            raise OdooRefused(data.get("message") or told["error"].get("message", "no reason"))
        return told.get("result")

    def call(self, model: str, method: str, *args, **kwargs):
        """Call a public method: the first argument of a record method is the list of ids."""
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def create(self, model: str, values: dict | list, **context):
        """Return the new id, or the new ids when `values` is a list."""
        rows = values if isinstance(values, list) else [values]
        made = self.call(model, "create", rows, context=context)
        return made if isinstance(values, list) else made[0]

    def write(self, model: str, ids: int | list, values: dict) -> None:
        self.call(model, "write", [ids] if isinstance(ids, int) else ids, values)

    def search(self, model: str, domain: list, **options) -> list:
        return self.call(model, "search", domain, **options)

    def find(self, model: str, domain: list, fields: list, **options) -> list:
        """Return the rows as dictionaries."""
        return self.call(model, "search_read", domain, fields, **options)

    def read(self, model: str, record: int, *fields: str) -> dict:
        return self.call(model, "read", [record], list(fields))[0]

    def ref(self, xmlid: str) -> int:
        module, name = xmlid.split(".")
        found = self.find(
            "ir.model.data", [("module", "=", module), ("name", "=", name)], ["res_id"]
        )
        if not found:
            raise OdooRefused(f"There is no record {xmlid}.")
        return found[0]["res_id"]

    def read_token(self, page: str) -> str:
        """What proves that a form stood on `page`."""
        shown = self._http.get(self.url + page, timeout=TIMEOUT).text
        return re.findall(r'name="csrf_token" value="([^"]+)"', shown)[0]

    def submit(self, path: str, fields: dict) -> requests.Response:
        """Post a form; where its answer leads is not followed."""
        return self._http.post(self.url + path, data=fields, timeout=TIMEOUT, allow_redirects=False)

    def warm_up(self) -> None:
        """Have the scripts and styles of the web client made, so that a person need not wait."""
        with contextlib.suppress(requests.RequestException):  # Odoo may be stopped meanwhile
            page = self._http.get(f"{self.url}/odoo", timeout=TIMEOUT).text
            for path in set(re.findall(r"[\"'](/web/assets/[^\"']+)", page)):
                self._http.get(self.url + path, timeout=TIMEOUT)

    def run_cron(self, xmlid: str) -> None:
        """Run a scheduled action now, as an administrator's *Run Manually* does."""
        self.call("ir.cron", "method_direct_trigger", [self.ref(xmlid)])

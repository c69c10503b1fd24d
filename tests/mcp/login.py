"""Logs in as a desktop program does, with the Python SDK's own OAuth client: login.py URL EMAIL PASSWORD (JSON on the
standard input). The program knows the address of the server and nothing else; its person is `browser.Browser`."""
import asyncio
import json
import re
import sys
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import mcp
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from browser import Browser

URL, EMAIL, PASSWORD = sys.argv[1:4]
CALLS = json.load(sys.stdin)


class Kept:
    """What a program keeps on its disk."""
    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Person:
    def __init__(self):
        self.browser, self.asked, self.also, self.came_back = Browser(EMAIL, PASSWORD), 0, (), None

    async def sent(self, address):
        self.asked += 1
        self.came_back = await asyncio.to_thread(self.browser.let_in, address, self.also)

    async def back(self):
        address = urlsplit(self.came_back)
        assert address.netloc == "127.0.0.1:4711" and address.path == "/callback", self.came_back
        answer = dict(parse_qsl(address.query))
        return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer["iss"])


def provider(kept, person):
    metadata = OAuthClientMetadata(client_name="Desktop assistant", redirect_uris=["http://127.0.0.1:4711/callback"])
    return OAuthClientProvider(URL, metadata, kept, person.sent, person.back)


async def call_all(client):
    names = [tool.name for tool in (await client.list_tools()).tools]
    for name in names:
        result = await client.call_tool(name, CALLS[name])
        assert not result.is_error, f"{name}: {result.content}"
    return names


async def logs_in(mode):
    kept, person = Kept(), Person()
    auth = provider(kept, person)
    async with httpx2.AsyncClient(auth=auth, timeout=60) as http:
        async with mcp.Client(streamable_http_client(URL, http_client=http), mode=mode) as client:
            names = await call_all(client)
            assert person.asked == 1, person.asked
            assert "list_integrations" not in names, "an administrator's power is not let in unasked"
            # An hour later the access token is worn out, and the program renews it without its person.
            first = kept.tokens
            auth.context.token_expiry_time = 1
            await client.call_tool("list_tickets", CALLS["list_tickets"])
            assert kept.tokens.refresh_token != first.refresh_token and person.asked == 1
            if mode == "2026-07-28":
                # What it may not, it asks for.
                person.also = ("admin",)
                result = await client.call_tool("list_integrations", {})
                assert not result.is_error and person.asked == 2, (result, person.asked)
                assert "admin" in kept.tokens.scope.split(), kept.tokens.scope
    assert person.browser.logins == 1, person.browser.logins
    print(f"Python SDK logs in, {mode}: {len(names)} tools")
    return kept, person


async def ends(kept, person):
    """A person ends what they let, on the page where they see it."""
    page = await asyncio.to_thread(person.browser.log_in, urljoin(URL, "/oauth/grants"))
    assert "Desktop assistant" in page.text
    while ending := re.search(r"/oauth/grants/\S+/end", page.text):
        page = await asyncio.to_thread(person.browser.press, page, ending.group())
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {kept.tokens.access_token}"}) as http:
        answer = await http.post(URL, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert answer.status_code == 401, answer.status_code
    print("Python SDK: what a person ended is over")


async def main():
    await logs_in("legacy")
    await ends(*await logs_in("2026-07-28"))


asyncio.run(main())

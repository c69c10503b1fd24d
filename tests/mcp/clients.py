"""Lists and calls tools with the Python SDK and fastmcp: clients.py URL TOKEN PROGRAM (JSON on the standard input)."""
import asyncio
import json
import os
import sys

import httpx2
import mcp
from fastmcp import Client as FastClient
from fastmcp.client.transports import StreamableHttpTransport
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

URL, TOKEN, PROGRAM = sys.argv[1:4]
CALLS = json.load(sys.stdin)
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


async def call_all(client):
    names = [tool.name for tool in (await client.list_tools()).tools]
    for name in names:
        result = await client.call_tool(name, CALLS[name])
        assert not result.is_error, f"{name}: {result.content}"
        assert result.structured_content is not None, name
    return len(names)


async def python_sdk(mode):
    async with httpx2.AsyncClient(headers=HEADERS, timeout=60) as http:
        async with mcp.Client(streamable_http_client(URL, http_client=http), mode=mode) as client:
            print(f"Python SDK, {client.protocol_version}: {await call_all(client)} tools")


async def subscription():
    """What changes is heard by who listens."""
    async with httpx2.AsyncClient(headers=HEADERS, timeout=60) as http:
        async with mcp.Client(streamable_http_client(URL, http_client=http), mode="2026-07-28") as client:
            made = await client.call_tool("create_ticket_from_text", {"text": "The door is stuck."})
            number = made.structured_content["number"]
            uri = f"ticket://{number}"
            async with client.listen(resource_subscriptions=[uri]) as heard:
                comment = {"ticket_id": str(number), "body": "It is oiled."}
                await client.call_tool("add_comment", comment)
                async with asyncio.timeout(20):
                    async for event in heard:
                        assert uri in repr(event), event
                        break
            print("Python SDK: a comment was heard by who listened to its ticket")


async def progress():
    """Who waits for a file is told how far it is, or gets it at once."""
    async with httpx2.AsyncClient(headers=HEADERS, timeout=60) as http:
        async with mcp.Client(streamable_http_client(URL, http_client=http)) as client:
            told = []

            async def note(share, total, message):
                told.append(share)

            await client.call_tool("transcribe_audio", CALLS["transcribe_audio"], progress_callback=note)
            assert told and all(0 <= share <= 1 for share in told), told
            print(f"Python SDK: progress was told {len(told)} times")


async def stdio():
    with open(os.devnull, "w") as log:
        server = StdioServerParameters(command=PROGRAM, args=["mcp", "--stdio"], env=dict(os.environ) | {"MCP_TOKEN": TOKEN})
        async with mcp.Client(stdio_client(server, errlog=log)) as client:
            print(f"Python SDK, stdio, {client.protocol_version}: {await call_all(client)} tools")
            try:
                await client.read_resource("ticket://999999")
            except mcp.MCPError as e:
                assert "no such ticket" in str(e), e
            else:
                raise AssertionError("a ticket that is not there was read")


async def fastmcp():
    async with FastClient(StreamableHttpTransport(URL, headers=HEADERS)) as client:
        names = [tool.name for tool in await client.list_tools()]
        for name in names:
            await client.call_tool(name, CALLS[name])
        assert await client.list_resources() and await client.list_prompts()
        print(f"fastmcp: {len(names)} tools")


async def main():
    await python_sdk("legacy")
    await python_sdk("2026-07-28")
    await subscription()
    await progress()
    await stdio()
    await fastmcp()


asyncio.run(main())

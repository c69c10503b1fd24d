"""MCP servers made with the Python SDK and with fastmcp: servers.py sdk|fastmcp PORT."""
import sys

import fastmcp
from mcp.server import MCPServer
from mcp.types import ToolAnnotations

KIND, PORT = sys.argv[1], int(sys.argv[2])
READS = ToolAnnotations(read_only_hint=True)
server = MCPServer("sky") if KIND == "sdk" else fastmcp.FastMCP("sky")


@server.tool(annotations=READS)
def weather(city: str) -> str:
    """Says how the weather is."""
    return f"It is sunny in {city}."


@server.tool()
def rain(city: str, hours: int = 1) -> dict:
    """Makes it rain."""
    return {"city": city, "hours": hours}


@server.tool(annotations=READS)
def fails() -> str:
    """Always fails."""
    raise ValueError("no such city")


if KIND == "sdk":
    server.run(transport="streamable-http", host="127.0.0.1", port=PORT)
else:
    server.run(transport="http", host="127.0.0.1", port=PORT, show_banner=False)

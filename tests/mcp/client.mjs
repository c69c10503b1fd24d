// Lists and calls tools with the TypeScript SDK: client.mjs URL TOKEN
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, token, calls] = process.argv.slice(2);
const requestInit = { headers: { Authorization: `Bearer ${token}` } };
const client = new Client({ name: 'test', version: '1' });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
// Listing first gives the client the schemas, against which it checks every answer.
const names = (await client.listTools()).tools.map((tool) => tool.name);
const wanted = JSON.parse(calls);
for (const name of names) {
  if (!(name in wanted)) throw new Error(`nobody calls ${name}`);
  const result = await client.callTool({ name, arguments: wanted[name] });
  if (result.isError) throw new Error(`${name}: ${JSON.stringify(result.content)}`);
}
await client.close();
console.log(`TypeScript SDK: ${names.length} tools`);

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tellParent } from './child.ts';

/** The floor: Node's own server, answering as many bytes as a recommendation has. */
const body = JSON.stringify({ items: 'x'.repeat(1300) });

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => tellParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));

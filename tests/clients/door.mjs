// The way to the gateway, on which answers can be lost and which can be closed.
import { createServer } from 'node:http';

/** Headers that are about one connection, or about a body that was unpacked on the way. */
const OWN = ['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'content-encoding'];

/**
 * Forwards to the gateway. Of requests with events, the first `lose` answers are lost after the events were stored;
 * while it is `closed`, nothing comes through at all.
 */
export async function open(gateway, { lose = 0, hasEvents = (request) => request.method === 'POST' && !request.url.startsWith('/flags') } = {}) {
  const door = { lose, closed: false, lost: 0, passed: [] };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (door.closed) return request.socket.destroy();
    const body = chunks.length ? Buffer.concat(chunks) : undefined;
    const headers = Object.entries(request.headers).filter(([name]) => name === 'content-encoding' || !OWN.includes(name));
    const answer = await fetch(gateway + request.url, { method: request.method, headers: Object.fromEntries(headers), body });
    const content = Buffer.from(await answer.arrayBuffer());
    const isEvents = hasEvents(request);
    if (isEvents) door.passed.push({ url: request.url, status: answer.status, body: body?.toString() });
    if (isEvents && door.lost < door.lose) {
      door.lost += 1;
      return request.socket.destroy();
    }
    const answered = [...answer.headers].filter(([name]) => !OWN.includes(name));
    // On a connection that was used before, Chromium itself sends again, and the client never learns of it.
    response.writeHead(answer.status, { ...Object.fromEntries(answered), connection: 'close' }).end(content);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return Object.assign(door, {
    url: `http://127.0.0.1:${port}`,
    /** As pages reach it: another site. */
    site: `http://events.example:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

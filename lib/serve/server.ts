import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ByolError } from '../errors.js';
import { send, sentence } from './answer.js';
import { admit, newToken } from './guard.js';
import { Routes } from './routes.js';
import { RunIndex } from './run-index.js';

export interface ServeOptions {
  /** Folder whose runs are shown, at any depth. */
  readonly folder: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface RunServer {
  /** With the token in it. */
  readonly address: string;
  readonly port: number;
  /** At once, whoever is connected. */
  close(): Promise<void>;
}

/** Ports that are tried where any will do: one that is free for IPv4 may be taken for IPv6. */
const ATTEMPTS = 10;

/**
 * Serves pages of all runs below a folder to this machine alone, until it is closed. Nothing is written. Throws ERR_BYOL_IO if
 * there is no such folder, or the port is taken.
 */
export async function serveRuns({ folder, port }: ServeOptions): Promise<RunServer> {
  const index = await RunIndex.open(folder);
  const token = newToken();
  const routes = new Routes(index);
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response, routes, token).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(request, response, sentence(500, error instanceof Error ? error.message : String(error)));
    });
  };
  const servers = await listen(handle, port);
  const [{ port: chosen }] = servers.map((server) => server.address() as AddressInfo) as [AddressInfo];
  return {
    address: `http://127.0.0.1:${chosen}/${token}/`,
    port: chosen,
    close: async () => {
      index.close();
      await Promise.all(servers.map(close));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  token: string,
): Promise<void> {
  const admitted = admit(request, token);
  if ('status' in admitted) {
    const { status, text } = admitted;
    // What may have been sent along is not waited for.
    const headers = { Connection: 'close', ...(status === 405 && { Allow: 'GET, HEAD' }) };
    send(request, response, { ...sentence(status, text), headers });
    return;
  }
  const { path, query } = admitted;
  // Addresses on pages are relative.
  const slash = { ...sentence(308, 'It is at the same address with a slash.'), headers: { Location: `/${token}/` } };
  send(request, response, path === '' ? slash : await routes.answer(path, new URLSearchParams(query)));
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** On both loopback addresses, where the machine has both. */
async function listen(handle: Handler, port: number): Promise<Server[]> {
  for (let attempt = 1; ; attempt += 1) {
    const four = await listenOn(handle, '127.0.0.1', port);
    const { port: chosen } = four.address() as AddressInfo;
    try {
      return [four, await listenOn(handle, '::1', chosen)];
    } catch (error) {
      const { code } = (error as Error).cause as NodeJS.ErrnoException;
      // No IPv6 here.
      if (code !== 'EADDRINUSE') return [four];
      await close(four);
      if (port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}

async function listenOn(handle: Handler, host: string, port: number): Promise<Server> {
  const server = createServer(handle);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'EADDRINUSE'
        ? `another program is listening on port ${port}`
        : code === 'EACCES'
          ? `port ${port} is not for ordinary users`
          : message;
    throw new ByolError('ERR_BYOL_IO', `Cannot serve on ${host}: ${why}.`, {
      hint: 'Leave out --port to take any that is free.',
      cause: error,
    });
  }
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

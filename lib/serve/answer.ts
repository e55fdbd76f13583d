import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a request gets. */
export interface Answer {
  readonly status: 200 | 308 | 403 | 404 | 405 | 500 | 503;
  readonly type: 'text/html' | 'text/plain' | 'application/json' | 'image/svg+xml';
  readonly body: string | Uint8Array;
  /** By which the same content is told; left out: a hash of it. */
  readonly tag?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Content-Security-Policy; left out: nothing is shown, loaded or run. */
  readonly policy?: string;
}

const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'";

/** As a sentence on a page of its own. */
export function sentence(status: Answer['status'], text: string): Answer {
  return { status, type: 'text/plain', body: `${text}\n` };
}

/** A page of ours. Its own policy stands at its beginning, before anything from outside, and goes into a header too. */
export function page(body: string): Answer {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(body)?.[1];
  return { status: 200, type: 'text/html', body, ...(policy !== undefined && { policy }) };
}

/** Headers for all that is answered: kept nowhere, read by no other page, with nothing of other origins in it. */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, type, body, headers = {}, policy = NOTHING } = answer;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const text = type === 'application/json' || type === 'image/svg+xml' ? type : `${type}; charset=utf-8`;
  const tag = `"${answer.tag ?? createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const all: Record<string, string> = {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    ...headers,
  };
  if (status === 200) {
    all['ETag'] = tag;
    if (isKnown(request.headers['if-none-match'], tag)) {
      response.writeHead(304, all).end();
      return;
    }
  }
  response.writeHead(status, { ...all, 'Content-Type': text, 'Content-Length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function isKnown(given: string | undefined, tag: string): boolean {
  if (given === undefined) return false;
  return given.split(',').some((known) => known.trim() === '*' || known.trim().replace(/^W\//, '') === tag);
}

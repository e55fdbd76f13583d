import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * Who may see the pages: the browser of whoever started the server, and no other page in it. The token stands in the path. A cookie
 * would go to every other server on this machine, since cookies know no ports.
 */

export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Answered with its status, and its text in place of a page. */
export interface Refusal {
  readonly status: 403 | 405;
  readonly text: string;
}

/**
 * By these names a browser reaches this machine alone. Another name that leads here is somebody else's, made to lead here so that
 * his page may read ours (DNS rebinding). The port may be another one, as through `ssh -L`.
 */
const OWN_HOST = /^(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?$/i;

/** Returns what is asked for behind the token: a path that begins with a slash, or is empty, and what stands behind a question mark. */
export function admit(
  request: IncomingMessage,
  token: string,
): { readonly path: string; readonly query: string } | Refusal {
  const { host = '', origin } = request.headers;
  if (!OWN_HOST.test(host)) {
    return forbidden(
      'This address leads here under a name that is not this machine: use the one that byol report printed.',
    );
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return forbidden('Other pages may not read these: open the address that byol report printed.');
  }
  if (isForeign(request))
    return forbidden('Other pages may not read these: open the address that byol report printed.');
  const [address = '', query = ''] = (request.url ?? '').split('?', 2);
  const [, given = '', rest] = /^\/([^/]*)(\/.*)?$/.exec(address) ?? [];
  if (!isSame(given, token)) {
    return forbidden(
      'The token in this address is missing, wrong, or of an earlier start: open the whole address that byol report printed.',
    );
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, text: 'Nothing can be changed here: only GET and HEAD are answered.' };
  }
  return { path: rest ?? '', query };
}

function forbidden(text: string): Refusal {
  return { status: 403, text };
}

/** As browsers tell it: asked for by another page, other than by a link that opens ours in its place. */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'none' || site === 'same-origin') return false;
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document';
}

/** In a time that says nothing of how much of it is right. */
function isSame(given: string, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { ByolError } from '../errors.js';
import { isSettings, type Settings } from './layers.js';

/**
 * A file of settings: YAML, or JSON in which comments are allowed. Throws ERR_BYOL_CONFIG naming file, line and column if it
 * cannot be read; what the settings mean is not looked at.
 */
export function readConfigFile(path: string): Settings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new ByolError('ERR_BYOL_CONFIG', `Cannot read the configuration file ${path}: ${reason}.`, { cause: error });
  }
  return parseSettings(text, path);
}

/** JSON is YAML but for the comments, and with trailing commas forgiven. */
export function parseSettings(text: string, path: string): Settings {
  const isJson = /^\.json[c5]?$/.test(extname(path));
  const source = isJson ? blankComments(text) : text;
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { message, position } = (isJson ? jsonError(source) : undefined) ?? {
      message: error.message,
      position: error.pos[0],
    };
    const { line, col } = lines.linePos(position);
    throw new ByolError('ERR_BYOL_CONFIG', `${path}:${line}:${col}: not valid ${isJson ? 'JSON' : 'YAML'}: ${message}`);
  }
  const value: unknown = document.toJS() ?? {};
  if (isSettings(value)) return value;
  const got = Array.isArray(value) ? 'a list' : `'${String(value).slice(0, 40)}'`;
  throw new ByolError('ERR_BYOL_CONFIG', `${path}: expected settings ("key: value"), got ${got}.`);
}

/** The same mistake in JSON's terms; undefined where JSON.parse does not say where it is. */
function jsonError(source: string): { readonly message: string; readonly position: number } | undefined {
  try {
    JSON.parse(source);
  } catch (error) {
    const match = /^(.*?)(?: in JSON)? at position (\d+)/s.exec((error as Error).message);
    if (match !== null) return { message: match[1] as string, position: Number(match[2]) };
  }
  return undefined;
}

/** Spaces for comments, and for tabs, which YAML does not take as indentation: positions stay. Strings stay. */
function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\t/g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, ' '),
  );
}

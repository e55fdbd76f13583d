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

/** JSON is YAML but for the comments; so JSON's mistakes have a position too. */
export function parseSettings(text: string, path: string): Settings {
  const isJson = /^\.json[c5]?$/.test(extname(path));
  const lines = new LineCounter();
  const document = parseDocument(isJson ? blankComments(text) : text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new ByolError('ERR_BYOL_CONFIG', `${path}:${line}:${col}: not valid ${isJson ? 'JSON' : 'YAML'}: ${error.message}`);
  }
  const value: unknown = document.toJS() ?? {};
  if (isSettings(value)) return value;
  const got = Array.isArray(value) ? 'a list' : `'${String(value).slice(0, 40)}'`;
  throw new ByolError('ERR_BYOL_CONFIG', `${path}: expected settings ("key: value"), got ${got}.`);
}

/** Spaces for comments, and for tabs, which YAML does not take as indentation: positions stay. Strings stay. */
function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\t/g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, ' '),
  );
}

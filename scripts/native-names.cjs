'use strict';
// The addon's surface is written down twice, in lib/binding/native.ts and specs.ts and where native/napi reads and makes JavaScript values:
// no compiler sees both. This compares the names, and the words of the unions.
const fs = require('node:fs');
const path = require('node:path');

/** Of errors and the class's own machinery, which they do not declare. */
const UNDECLARED = new Set(['code', 'stack', 'nativeStack']);

const matches = (text, pattern) => Array.from(text.matchAll(pattern), (match) => match[1]);
const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

/** Members of interfaces and the words of literal unions. */
function declared(root) {
  const files = ['native.ts', 'specs.ts'].map((name) => path.join(root, 'lib/binding', name));
  const text = withoutComments(files.map((file) => fs.readFileSync(file, 'utf8')).join('\n')).replace(
    /Pick<[^>]*>/g,
    'Pick',
  );
  // A parameter of a method has a name in TypeScript alone; members stand at the start of a line or behind a brace or semicolon.
  const names = matches(text, /(?:^ +|[{;] *)(?:readonly )?(\w+)(?:\(|\??:\s)/gm);
  const parameters = new Set(matches(text, /^ {4}(?!readonly )(\w+): /gm));
  const members = matches(text, /^ +readonly (\w+)\??:\s/gm);
  return {
    names: new Set([...names.filter((name) => !parameters.has(name)), ...members]),
    words: new Set(matches(text, /(?<!from )'([\w-]+)'/g)),
  };
}

/** Fields that are read and properties that are made, and the words that a choice has. */
function implemented(root) {
  const dir = path.join(root, 'native/napi');
  const files = fs.readdirSync(dir).filter((name) => name.endsWith('.cpp') || name === 'wrap.h');
  const text = files.map((name) => withoutComments(fs.readFileSync(path.join(dir, name), 'utf8'))).join('\n');
  const read =
    /\b(?:value|is_null|object|number|integer|boolean|text|numbers|integers|indices|list|choice<\w[\w:]*>|read_channels|read_column|read_norm_kind)\(\s*(?:f, )?"(\w+)"/g;
  const made = /(?:\bSet|(?:Instance|Static)Method(?:<[^"]*>)?|InstanceAccessor<[^"]*>)\("(\w+)"/g;
  return {
    names: new Set([...matches(text, read), ...matches(text, made)].filter((name) => !UNDECLARED.has(name))),
    words: new Set(matches(text, /\{"([\w-]+)", \w+(?:::\w+)+\}/g)),
  };
}

/** One line for every name that only one side has. */
function differentNames(root) {
  const [types, addon] = [declared(root), implemented(root)];
  const only = (what, here, there, where) =>
    [...here].filter((name) => !there.has(name)).map((name) => `the ${what} ${name} is in ${where} only`);
  return [
    ...only('name', types.names, addon.names, 'lib/binding'),
    ...only('name', addon.names, types.names, 'native/napi'),
    ...only('word', addon.words, types.words, 'native/napi'),
    ...only('word', types.words, addon.words, 'lib/binding'),
  ];
}

module.exports = { differentNames };

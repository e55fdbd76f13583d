/** The operations of pickle, protocols 0 to 5 (Python's Lib/pickletools.py describes each), and what follows each in the file. */

/** What follows an operation: numbers, texts and bytes by the width of their length, or lines. */
export type ArgumentKind =
  | 'none'
  | 'uint8'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'uint64'
  | 'float64'
  | 'line'
  | 'two lines'
  | 'text8'
  | 'text32'
  | 'text64'
  | 'bytes8'
  | 'bytes32'
  | 'bytes64';

const none = ['MARK ( STOP . POP 0 POP_MARK 1 DUP 2 NONE N BINPERSID Q REDUCE R APPEND a BUILD b DICT d EMPTY_DICT }'];
none.push('APPENDS e LIST l EMPTY_LIST ] OBJ o SETITEM s TUPLE t EMPTY_TUPLE ) SETITEMS u NEWOBJ \x81 TUPLE1 \x85');
none.push('TUPLE2 \x86 TUPLE3 \x87 NEWTRUE \x88 NEWFALSE \x89 EMPTY_SET \x8f ADDITEMS \x90 FROZENSET \x91');
none.push('NEWOBJ_EX \x92 STACK_GLOBAL \x93 MEMOIZE \x94 NEXT_BUFFER \x97 READONLY_BUFFER \x98');

const BY_KIND: Readonly<Record<ArgumentKind, string>> = {
  none: none.join(' '),
  uint8: 'BININT1 K BINGET h BINPUT q PROTO \x80 EXT1 \x82',
  uint16: 'BININT2 M EXT2 \x83',
  int32: 'BININT J EXT4 \x84',
  uint32: 'LONG_BINGET j LONG_BINPUT r',
  uint64: 'FRAME \x95',
  float64: 'BINFLOAT G',
  line: 'FLOAT F INT I LONG L PERSID P STRING S UNICODE V GET g PUT p',
  'two lines': 'GLOBAL c INST i',
  text8: 'SHORT_BINUNICODE \x8c',
  text32: 'BINUNICODE X',
  text64: 'BINUNICODE8 \x8d',
  bytes8: 'SHORT_BINSTRING U SHORT_BINBYTES C LONG1 \x8a',
  bytes32: 'BINSTRING T BINBYTES B LONG4 \x8b',
  bytes64: 'BINBYTES8 \x8e BYTEARRAY8 \x96',
};

export interface Opcode {
  readonly name: string;
  readonly argument: ArgumentKind;
}

/** By their byte. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  (Object.entries(BY_KIND) as Array<[ArgumentKind, string]>).flatMap(([argument, list]) => {
    const words = list.split(' ');
    return Array.from({ length: words.length / 2 }, (_, i): [number, Opcode] => {
      const [name = '', code = ''] = words.slice(2 * i, 2 * i + 2);
      return [code.charCodeAt(0), { name, argument }];
    });
  }),
);

import * as yauzl from 'yauzl';
import { type ByteSource, BytesRange } from './bytes.js';
import { ImportProblem } from './problem.js';

/** An entry of a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Null where it is compressed or encrypted, and so cannot be read where it lies. */
  readonly bytes: BytesRange | null;
  /** Of its contents; 0 where whoever wrote it left it out, as PyTorch can be told to. */
  readonly crc32: number;
}

/** PyTorch writes one a storage: some hundreds. */
const MOST_ENTRIES = 100_000;

/** All entries by their names. Throws ImportProblem for a damaged archive. */
export async function readZipEntries(source: ByteSource): Promise<Map<string, ZipEntry>> {
  try {
    const archive = await openArchive(source);
    if (archive.entryCount > MOST_ENTRIES) throw new ImportProblem(`its archive has more than ${MOST_ENTRIES} entries`);
    const entries = await listEntries(archive);
    const out = new Map<string, ZipEntry>();
    for (const entry of entries) {
      const name = entry.fileName;
      const plain = entry.compressionMethod === 0 && !entry.isEncrypted();
      const bytes = plain ? new BytesRange(source, await dataStart(archive, entry), entry.compressedSize) : null;
      out.set(name, { name, bytes, crc32: entry.crc32 });
    }
    return out;
  } catch (error) {
    if (error instanceof ImportProblem) throw error;
    throw new ImportProblem(`its archive is truncated or damaged (${(error as Error).message})`);
  }
}

const options = { lazyEntries: true, autoClose: false, strictFileNames: false, validateEntrySizes: true };

/** With places checked: of a file by itself yauzl throws for some where nobody can catch it. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    let problem: Error | null = null;
    try {
      buffer.set(this.#source.read(position, length), offset);
    } catch (error) {
      problem = error as Error;
    }
    setImmediate(callback, problem);
  }
}

function openArchive(source: ByteSource): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.fromRandomAccessReader(new SourceReader(source), source.size, options, (error, archive) =>
      error ? reject(error) : resolve(archive),
    );
  });
}

function listEntries(archive: yauzl.ZipFile): Promise<yauzl.Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: yauzl.Entry[] = [];
    archive.on('error', reject);
    archive.on('end', () => resolve(entries));
    archive.on('entry', (entry: yauzl.Entry) => {
      entries.push(entry);
      archive.readEntry();
    });
    archive.readEntry();
  });
}

function dataStart(archive: yauzl.ZipFile, entry: yauzl.Entry): Promise<number> {
  return new Promise((resolve, reject) => {
    archive.readLocalFileHeader(entry, { minimal: true }, (error, header) => {
      if (error) reject(error);
      else resolve(header.fileDataStart);
    });
  });
}

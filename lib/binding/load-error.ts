import path from 'node:path';
import { ByolError, type ErrorCode } from '../errors.js';
import type { Addon } from './find-addon.js';

/** What Linux distributions call the packages of libraries that an addon, or LibTorch, may miss. */
const packages: Readonly<Record<string, { readonly debian: string; readonly fedora: string }>> = {
  'libgomp.so.1': { debian: 'libgomp1', fedora: 'libgomp' },
  'libstdc++.so.6': { debian: 'libstdc++6', fedora: 'libstdc++' },
  'libgcc_s.so.1': { debian: 'libgcc-s1', fedora: 'libgcc' },
  'libjpeg.so.62': { debian: 'libjpeg62-turbo', fedora: 'libjpeg-turbo' },
};

/** The library that is missing, in one sentence with what brings it. */
function missingLibrary(file: string, text: string, cause: unknown): ByolError | undefined {
  const library = /^(\S+\.so[\d.]*): cannot open shared object file: No such file/.exec(text)?.[1];
  if (library === undefined || path.isAbsolute(library)) return undefined;
  const known = packages[library];
  const hint = known && `Install it: apt-get install ${known.debian} (Debian, Ubuntu) or dnf install ${known.fedora}`;
  return new ByolError('ERR_BYOL_NATIVE_LOAD', `${library} is missing on this system, and ${file} needs it.`, {
    cause,
    ...(hint !== undefined && { hint }),
  });
}

/** The system is older than the one that the addon was built on. */
function oldSystem(file: string, text: string, addon: Addon | undefined, cause: unknown): ByolError | undefined {
  const version = /version [`'](GLIBC|GLIBCXX|CXXABI)_([\d.]+)' not found/.exec(text);
  if (version === null) return undefined;
  const { glibc, glibcxx } = addon?.facts?.floor ?? {};
  const all = [glibc && `glibc ${glibc}`, glibcxx && `GCC's C++ library with GLIBCXX_${glibcxx}`].filter(Boolean);
  const needs = all.length > 0 ? all.join(' and ') : `${version[1]}_${version[2]}`;
  return new ByolError(
    'ERR_BYOL_NATIVE_LOAD',
    `This system is too old for ${addon?.from ?? file}: it needs ${needs} or newer, and ${version[1]}_${version[2]} is not here.`,
    { cause, hint: 'Build it here with: npx byol build. Or use a newer system.' },
  );
}

/** What the system, or the addon itself, says about a library that does not load, as an error of ours. */
export function loadError(file: string, cause: unknown, addon?: Addon): ByolError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && code.startsWith('ERR_BYOL_'))
    return new ByolError(code as ErrorCode, text, { cause });
  const known = missingLibrary(file, text, cause) ?? oldSystem(file, text, addon, cause);
  if (known !== undefined) return known;
  const hint = text.includes('static TLS block')
    ? 'LibTorch came too late into this process. Start it with GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384'
    : 'If LibTorch was changed or moved since the build, rebuild with: npx byol build';
  return new ByolError('ERR_BYOL_NATIVE_LOAD', `${file} cannot be loaded: ${text}`, { cause, hint });
}

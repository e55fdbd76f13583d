'use strict';
// What stands in a package with the addon for one platform, beside the addon itself.

const packageName = (platform) => `@byol-torch/${platform}`;

/** package.json. Only the main package needs it, and only of its own version. */
function manifest(platform, version, binaries) {
  const [os, cpu] = platform.split('-');
  return {
    name: packageName(platform),
    version,
    description: `The native part of byol-torch for ${platform}`,
    license: 'Apache-2.0 AND IJG AND BSD-3-Clause',
    author: 'The byol-torch authors',
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' && { libc: ['glibc'] }),
    engines: { node: '>=20.19' },
    main: 'byol.node',
    files: [...binaries, 'byol-build.json', 'LICENSE.libjpeg-turbo'],
  };
}

function readme(platform, facts, floor) {
  return `# ${packageName(platform)}

The native part of [byol-torch](https://www.npmjs.com/package/byol-torch) for ${platform}, which npm installs with it where it fits. It is of no use alone.

Built for LibTorch ${facts.torch}, which \`npx byol setup\` finds or fetches. It needs glibc ${floor.glibc} and GCC's C++ library with
GLIBCXX_${floor.glibcxx}, or newer; on older systems \`npx byol build\` builds from source.

This software is based in part on the work of the Independent JPEG Group. See LICENSE.libjpeg-turbo.
`;
}

/** What libjpeg-turbo's licences ask of those who pass on its binary. */
const jpegNotice = `The file libjpeg.so.* is libjpeg-turbo (https://libjpeg-turbo.org), unchanged as the system of the build brings it.

This software is based in part on the work of the Independent JPEG Group.

Parts of libjpeg-turbo are under the Modified (3-clause) BSD License:

Copyright (C) 2009-2024 D. R. Commander. All Rights Reserved.
Copyright (C) 2015 Viktor Szathmary. All Rights Reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met:

- Redistributions of source code must retain the above copyright notice, this list of conditions and the following
  disclaimer.
- Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
  disclaimer in the documentation and/or other materials provided with the distribution.
- Neither the name of the libjpeg-turbo Project nor the names of its contributors may be used to endorse or promote
  products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS", AND ANY EXPRESS OR IMPLIED WARRANTIES,
INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDERS OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF
THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
`;

module.exports = { jpegNotice, manifest, packageName, readme };

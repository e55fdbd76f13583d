'use strict';
// npm's install script: a convenience that nothing depends on, since npm 12 does not run it unless allowed to.
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./failure.cjs');

run(async () => {
  if (process.env.npm_config_build_from_source === 'true') {
    await require('./build-native.cjs').buildNative();
    return;
  }
  if (!fs.existsSync(path.join(__dirname, '..', 'build', 'Release', 'byol-build.json'))) {
    console.log('byol-torch: its native part is not built yet. Build it with: npx byol build');
  }
});

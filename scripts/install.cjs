'use strict';
// npm's install script: a convenience that nothing depends on, since npm 12 runs it only where it is allowed to.
const path = require('node:path');
const { run } = require('./failure.cjs');

function isBuilt() {
  try {
    require('node-gyp-build').resolve(path.resolve(__dirname, '..'));
    return true;
  } catch {
    return false;
  }
}

run(async () => {
  if (process.env.npm_config_build_from_source === 'true') {
    await require('./build-native.cjs').buildNative();
  } else if (!isBuilt()) {
    console.log('byol-torch: the native part is not built yet.\nBuild it with: npx byol build');
  }
});

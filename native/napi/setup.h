#pragma once

// The one place that includes node-addon-api; its defines (Node-API version, exceptions, basic finalizers) are set by
// CMakeLists.txt for every file of the addon.
#include <napi.h>

{
  # node-gyp, node-gyp-build, prebuildify and electron-rebuild arrive here; the build itself is CMake's.
  "targets": [
    {
      "target_name": "byol",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake_js",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/byol.node"],
          "action": ["node", "scripts/build-native.cjs", "--product-dir", "<(PRODUCT_DIR)"]
        }
      ]
    }
  ]
}

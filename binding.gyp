{
  # node-gyp, node-gyp-build, prebuildify and electron-rebuild arrive here; what is built, and how, is in CMakeLists.txt.
  "targets": [
    {
      "target_name": "byol",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake_js",
          "inputs": ["CMakeLists.txt"],
          # A file that never exists: the action runs each time, and CMake decides what is out of date.
          "outputs": ["<(PRODUCT_DIR)/always"],
          "action": ["node", "scripts/build-native.cjs", "--product-dir", "<(PRODUCT_DIR)"]
        }
      ]
    }
  ]
}

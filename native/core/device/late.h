#pragma once

#include <functional>
#include <utility>

namespace byol {

/// A value that a device is on its way to, for the thread that gave it the work.
template <typename T>
struct Late {
  std::function<bool()> done;  // whether get() would give it, or throw, without waiting
  std::function<T()> get;      // once
};

/// One that is there.
template <typename T>
Late<T> at_once(T value) {
  return {[] { return true; }, [value = std::move(value)] { return value; }};
}

}  // namespace byol

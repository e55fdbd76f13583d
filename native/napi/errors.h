#pragma once

#include <exception>
#include <string>

#include "napi/setup.h"

namespace byol::napi {

/// The JavaScript error for a C++ exception: an instance of the registered error class with a code. `stack`: frames of
/// the JavaScript call that led here, or empty for the current ones.
Napi::Error to_js_error(Napi::Env env, const std::exception_ptr& exception, const std::string& stack = {});

/// Frames of the current JavaScript stack, as text.
std::string current_stack(Napi::Env env);

/// Runs `body`; whatever it throws reaches JavaScript as an error with a code.
template <typename Body>
auto guard(Napi::Env env, Body&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, std::current_exception());
  }
}

}  // namespace byol::napi

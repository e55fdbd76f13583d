#include "napi/errors.h"

#include <c10/util/Exception.h>

#include <new>

#include "core/error.h"
#include "cuda/driver.h"
#include "napi/environment.h"

namespace byol::napi {
namespace {

struct Described {
  std::string code, message, native_stack;
};

Described from_torch(const c10::Error& error, const char* code) {
  const std::string message = error.what_without_backtrace();
  // The CPU allocator has no exception type of its own.
  const bool host_memory = message.find("DefaultCPUAllocator") != std::string::npos;
  return {host_memory ? "ERR_BYOL_HOST_OOM" : code, message, error.what()};
}

// Most derived first.
Described describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const byol::Error& e) {
    return {e.code(), e.what(), {}};
  } catch (const c10::OutOfMemoryError& e) {
    Described described = from_torch(e, "ERR_BYOL_OOM");
    described.message = std::string(cuda::kMemoryFull) + " LibTorch says: " + described.message;
    return described;
  } catch (const c10::AcceleratorError& e) {
    return from_torch(e, "ERR_BYOL_DEVICE");
  } catch (const c10::NotImplementedError& e) {
    return from_torch(e, "ERR_BYOL_UNSUPPORTED_OP");
  } catch (const c10::IndexError& e) {
    return from_torch(e, "ERR_BYOL_SHAPE");
  } catch (const c10::ValueError& e) {
    return from_torch(e, "ERR_BYOL_SHAPE");
  } catch (const c10::TypeError& e) {
    return from_torch(e, "ERR_BYOL_SHAPE");
  } catch (const c10::Error& e) {
    return from_torch(e, "ERR_BYOL_TORCH");
  } catch (const std::bad_alloc&) {
    return {"ERR_BYOL_HOST_OOM", "Out of memory.", {}};
  } catch (const std::exception& e) {
    return {"ERR_BYOL_NATIVE", e.what(), {}};
  } catch (...) {
    return {"ERR_BYOL_NATIVE", "An unknown native exception.", {}};
  }
}

}  // namespace

std::string current_stack(Napi::Env env) {
  const Napi::Value stack = Napi::Error::New(env, "").Value().Get("stack");
  if (!stack.IsString()) return {};
  const std::string text = stack.As<Napi::String>();
  const size_t line = text.find('\n');
  return line == std::string::npos ? std::string() : text.substr(line);
}

Napi::Error to_js_error(Napi::Env env, const std::exception_ptr& exception, const std::string& stack) {
  try {
    std::rethrow_exception(exception);
  } catch (const Napi::Error& error) {
    return error;  // of JavaScript's own
  } catch (...) {
  }
  const Described what = describe(exception);
  const Napi::FunctionReference& error_class = Environment::of(env).error_class;
  Napi::Object error;
  if (error_class.IsEmpty()) {
    error = Napi::Error::New(env, what.message).Value();
    error.Set("code", what.code);
  } else {
    error = error_class.New({Napi::String::New(env, what.code), Napi::String::New(env, what.message)});
  }
  if (!stack.empty()) {
    const std::string name = error.Get("name").ToString();
    error.Set("stack", name + " [" + what.code + "]: " + what.message + stack);
  }
  if (!what.native_stack.empty()) {
    // Not enumerable: a page of C++ frames is for those who ask.
    error.DefineProperty(
        Napi::PropertyDescriptor::Value("nativeStack", Napi::String::New(env, what.native_stack), napi_configurable));
  }
  return Napi::Error(env, error);
}

}  // namespace byol::napi

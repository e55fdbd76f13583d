#include "napi/torch_thread.h"

#include <chrono>
#include <future>

#include "core/error.h"
#include "napi/errors.h"

namespace byol::napi {

// Made and destroyed on the JavaScript thread if it has a promise; the LibTorch thread only fills in the outcome.
struct TorchThread::Command {
  Work work;
  std::unique_ptr<Napi::Promise::Deferred> promise;  // none: nobody waits
  std::vector<Napi::Reference<Napi::Value>> keep;
  std::string stack;
  Deliver deliver;
  std::exception_ptr error;
};

TorchThread::TorchThread(Napi::Env env) : env_(env) {
  const auto check = [](napi_status status) {
    if (status != napi_ok) throw Error("ERR_BYOL_NATIVE", "The LibTorch thread could not be started.");
  };
  check(napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "byol"), 0, 1, nullptr, nullptr,
                                        this, &TorchThread::on_signal, &signal_));
  check(napi_unref_threadsafe_function(env, signal_));
  // After the function: hooks run in reverse order, so the thread is joined before the function goes.
  check(napi_add_env_cleanup_hook(env, &TorchThread::on_environment_end, this));
  thread_ = std::thread([this] { loop(); });
}

TorchThread::~TorchThread() {
  // Reached only after on_environment_end. A process that exits keeps the object: see Environment.
  if (thread_.joinable()) thread_.detach();
}

void TorchThread::on_environment_end(void* self) {
  auto* thread = static_cast<TorchThread*>(self);
  thread->shutdown(-1);
  if (thread->thread_.joinable()) thread->thread_.join();
  {
    const std::lock_guard lock(thread->mutex_);
    thread->done_.clear();
  }
  napi_release_threadsafe_function(thread->signal_, napi_tsfn_abort);
  thread->signal_ = nullptr;
}

void TorchThread::shutdown(int64_t milliseconds) {
  std::deque<std::unique_ptr<Command>> dropped;  // destroyed here, on the JavaScript thread
  std::unique_lock lock(mutex_);
  closing_ = true;
  dropped.swap(queue_);
  wake_.notify_all();
  const auto stopped = [this] { return stopped_; };
  if (milliseconds < 0) {
    ended_.wait(lock, stopped);
  } else {
    ended_.wait_for(lock, std::chrono::milliseconds(milliseconds), stopped);
  }
}

void TorchThread::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (closing_) break;
    std::unique_ptr<Command> command = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    try {
      command->deliver = command->work();
    } catch (...) {
      command->error = std::current_exception();
    }
    command->work = nullptr;  // tensors captured by it are released on this thread
    lock.lock();
    if (!command->promise) continue;
    done_.push_back(std::move(command));
    if (!signalled_ && !closing_) {
      signalled_ = true;
      napi_call_threadsafe_function(signal_, nullptr, napi_tsfn_nonblocking);
    }
  }
  stopped_ = true;
  ended_.notify_all();
}

void TorchThread::enqueue(std::unique_ptr<Command> command) {
  const std::lock_guard lock(mutex_);
  if (closing_) throw Error("ERR_BYOL_SHUTDOWN", "The process is ending; no more work is accepted.");
  queue_.push_back(std::move(command));
  wake_.notify_one();
}

Napi::Promise TorchThread::submit(Napi::Env env, Work work, const std::vector<Napi::Value>& keep) {
  auto command = std::make_unique<Command>();
  command->work = std::move(work);
  command->promise = std::make_unique<Napi::Promise::Deferred>(env);
  command->stack = current_stack(env);
  for (const Napi::Value& value : keep) command->keep.push_back(Napi::Reference<Napi::Value>::New(value, 1));
  Napi::Promise promise = command->promise->Promise();
  enqueue(std::move(command));
  // A process waits for its promises, but an idle addon does not keep it alive.
  if (unsettled_++ == 0) napi_ref_threadsafe_function(env, signal_);
  return promise;
}

void TorchThread::run(const std::function<void()>& work) {
  auto task = std::make_shared<std::packaged_task<void()>>(work);
  std::future<void> done = task->get_future();
  auto command = std::make_unique<Command>();
  command->work = [task]() -> Deliver {
    (*task)();
    return {};
  };
  enqueue(std::move(command));
  done.get();  // a command dropped by a shutdown breaks its promise, which throws here
}

void TorchThread::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (!closing_) {
      auto command = std::make_unique<Command>();
      command->work = [work]() -> Deliver {
        work();
        return {};
      };
      queue_.push_back(std::move(command));
      wake_.notify_one();
      return;
    }
    if (!stopped_) return;  // mid-command at exit: the object is leaked with the process
  }
  work();
}

void TorchThread::on_signal(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;
  // A terminated worker cannot throw; an error that escaped would end the process.
  try {
    const Napi::HandleScope scope(env);
    static_cast<TorchThread*>(context)->settle_all(env);
  } catch (const Napi::Error&) {
  }
}

void TorchThread::settle_all(Napi::Env env) {
  std::vector<std::unique_ptr<Command>> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
    signalled_ = false;
  }
  for (const auto& command : done) {
    const Napi::HandleScope scope(env);
    try {
      if (command->error) {
        command->promise->Reject(to_js_error(env, command->error, command->stack).Value());
      } else {
        command->promise->Resolve(command->deliver ? command->deliver(env) : env.Undefined());
      }
    } catch (const Napi::Error& error) {
      command->promise->Reject(error.Value());
    }
    if (--unsettled_ == 0) napi_unref_threadsafe_function(env, signal_);
  }
}

}  // namespace byol::napi

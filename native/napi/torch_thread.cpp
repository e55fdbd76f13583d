#include "napi/torch_thread.h"

#include <ATen/Context.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/thread_limit.h"
#include "napi/devices.h"
#include "napi/thread_count.h"

namespace byol::napi {
namespace {

// How often a thread that has nothing else to do asks whether a device has passed a point.
constexpr auto kLook = std::chrono::microseconds(100);

// LibTorch threads of all environments that have not come to their end.
std::atomic<int> running = 0;

// exit() runs LibTorch's static destructors, which must not happen under a command that outlasted its shutdown: then
// the process ends here, with the status that it wanted to end with.
void end_without_destructors(int status, void*) {
  if (running == 0) return;
  std::fflush(nullptr);
  _exit(status);
}

void guard_exit() {
#ifdef __GLIBC__
  static std::once_flag once;
  // Handlers run in reverse order, so this one runs before those of everything that was set up until now.
  std::call_once(once, [] { on_exit(end_without_destructors, nullptr); });
#endif
}

}  // namespace

TorchThread::TorchThread(Napi::Env env) : settler_(env) {
  // Before anything asks LibTorch for devices: it remembers the answer.
  load_cuda_library();
  if (napi_add_env_cleanup_hook(env, &TorchThread::on_environment_end, this) != napi_ok) {
    settler_.close();
    throw Error("ERR_BYOL_NATIVE", "Node.js refuses a cleanup hook.");
  }
  try {
    thread_ = std::thread([this] { loop(); });
  } catch (const std::system_error& error) {
    napi_remove_env_cleanup_hook(env, &TorchThread::on_environment_end, this);
    settler_.close();
    throw Error("ERR_BYOL_NATIVE", std::string("The LibTorch thread cannot be started: ") + error.what() + ".");
  }
  ++running;
  ThreadCount::join();
}

// The hook has joined the thread by now. Where no hook runs (process.exit() on the main thread), nothing destroys this
// object either: it belongs to the environment, never to a static.
TorchThread::~TorchThread() = default;

void TorchThread::on_environment_end(void* self) {
  auto* const thread = static_cast<TorchThread*>(self);
  thread->shutdown(-1);
  thread->settler_.close();
  ThreadCount::leave();
}

void TorchThread::shutdown(int64_t milliseconds) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  const auto ended = [this] { return has_ended_; };
  if (milliseconds < 0) {
    ended_.wait(lock, ended);
  } else if (!ended_.wait_for(lock, std::chrono::milliseconds(milliseconds), ended)) {
    guard_exit();
    return;
  }
  lock.unlock();
  if (thread_.joinable()) thread_.join();
}

void TorchThread::loop() {
  ThreadCount::apply();
  interruptible_by(&stopping_);
#ifdef __linux__
  // OpenMP's threads inherit it: TEAM in lib/train/core-shortage.ts.
  pthread_setname_np(pthread_self(), "byol-torch");
#endif
  obey_thread_limit(thread_limit_);
  // A momentum without gradient decays to denormals and stays there, where some CPUs compute a hundred times slower.
  // The threads of an OpenMP team take this over from the one that starts them, which is this one.
  at::globalContext().setFlushDenormal(true);
  std::unique_lock lock(mutex_);
  const auto called = [this] { return stopping_ || !releases_.empty() || !queue_.empty(); };
  while (true) {
    if (outcomes_.empty()) {
      wake_.wait(lock, called);
    } else if (!wake_.wait_for(lock, kLook, called)) {
      lock.unlock();
      settle_what_is_done();
      lock.lock();
      continue;
    }
    if (stopping_) break;
    std::deque<Command>& commands = releases_.empty() ? queue_ : releases_;
    Command command = std::move(commands.front());
    commands.pop_front();
    lock.unlock();
    execute(std::move(command));
    lock.lock();
  }
  lock.unlock();
  release_everything();
  --running;
  lock.lock();
  has_ended_ = true;
  ended_.notify_all();
}

void TorchThread::execute(Command command) {
  Outcome outcome{std::move(command.pending), {}};
  try {
    heed_thread_limit();
    outcome.late = command.work();
  } catch (...) {
    outcome.late = {[] { return true; },
                    [error = std::current_exception()]() -> Deliver { std::rethrow_exception(error); }};
  }
  command.work = nullptr;  // what it holds goes before the promise is settled, and on this thread
  if (outcome.pending) outcomes_.push_back(std::move(outcome));
  settle_what_is_done();
}

void TorchThread::settle_what_is_done() {
  while (!outcomes_.empty() && outcomes_.front().late.done()) {
    Outcome outcome = std::move(outcomes_.front());
    outcomes_.pop_front();
    try {
      outcome.pending->deliver = outcome.late.get();
    } catch (...) {
      outcome.pending->error = std::current_exception();
    }
    outcome.late = {};
    // Nobody runs JavaScript for the sake of a process or a worker that is ending.
    if (stopping_) {
      settler_.abandon(std::move(outcome.pending));
    } else {
      settler_.finish(std::move(outcome.pending));
    }
  }
}

void TorchThread::release_everything() {
  std::deque<Command> dropped;
  std::unordered_map<uint64_t, std::shared_ptr<Cell>> objects;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(queue_);
    releases_.clear();
    objects.swap(objects_);
  }
  for (Outcome& outcome : outcomes_) {
    outcome.late = {};
    settler_.abandon(std::move(outcome.pending));
  }
  outcomes_.clear();
  for (Command& command : dropped) {
    command.work = nullptr;
    if (command.pending) settler_.abandon(std::move(command.pending));
  }
}

void TorchThread::require_open() const {
  if (stopping_) throw Error("ERR_BYOL_SHUTDOWN", "The process or worker is ending; no more work is accepted.");
}

Napi::Promise TorchThread::submit(Napi::Env env, Work work) {
  return submit_late(env, [work = std::move(work)] { return at_once<Deliver>(work()); });
}

Napi::Promise TorchThread::submit_late(Napi::Env env, LateWork work) {
  require_open();
  auto pending = settler_.begin(env);
  const Napi::Promise promise = pending->deferred.Promise();
  enqueue({std::move(work), std::move(pending)});
  settler_.expect(env);
  return promise;
}

void TorchThread::post(std::function<void()> work) {
  require_open();
  enqueue({[work = std::move(work)] {
             work();
             return at_once<Deliver>({});
           },
           nullptr});
}

void TorchThread::enqueue(Command command) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(command));
  wake_.notify_one();
}

uint64_t TorchThread::make(std::function<std::shared_ptr<void>()> construct) {
  const auto cell = std::make_shared<Cell>();
  post([wanted = std::weak_ptr(cell), construct = std::move(construct)] {
    const std::shared_ptr<Cell> cell = wanted.lock();
    if (!cell) return;
    try {
      cell->object = construct();
    } catch (...) {
      cell->failure = std::current_exception();
    }
  });
  const std::lock_guard lock(mutex_);
  objects_.emplace(++last_object_, cell);
  return last_object_;
}

std::shared_ptr<const Cell> TorchThread::find(uint64_t object) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(object);
  return found == objects_.end() ? nullptr : found->second;
}

void TorchThread::release(uint64_t object) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;  // the thread's end releases everything
  releases_.push_back({[this, object] {
                         std::shared_ptr<Cell> last;  // destroyed after the lock is given back
                         const std::lock_guard inner(mutex_);
                         last = std::move(objects_.at(object));
                         objects_.erase(object);
                         return at_once<Deliver>({});
                       },
                       nullptr});
  wake_.notify_one();
}

}  // namespace byol::napi

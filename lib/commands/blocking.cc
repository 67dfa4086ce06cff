// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/blocking.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace larder {

struct Interrupt::State {
  base::LeafMutex mutex;  // taken before that of a BlockedThread
  bool interrupted GUARDED_BY(mutex) = false;
  std::vector<commands::BlockedThread*> threads GUARDED_BY(mutex);
};

Interrupt::Interrupt() : state_(std::make_unique<State>()) {}
Interrupt::~Interrupt() = default;

void Interrupt::interrupt() noexcept {
  base::LeafLock lock(state_->mutex);
  state_->interrupted = true;
  for (commands::BlockedThread* thread : state_->threads) thread->wake();
}

namespace commands {

Status check_waited_for(std::span<const std::string_view> keys) {
  if (keys.empty()) return {ErrorCode::kInvalidArgument, "no keys were given"};
  if (keys.size() > keyspace::kKeysAtOnceMax)
    return {ErrorCode::kTooManyKeys, "a call may wait for 1,024 keys at most"};
  return keyspace::Keyspace::check_sizes(keys);
}

Status check_type(keyspace::Keyspace& keyspace, std::string_view key, keyspace::WaitsFor what) {
  const auto type = what == keyspace::WaitsFor::kList ? keyspace::EntryType::kList : keyspace::EntryType::kSortedSet;
  return keyspace.view_as(type, key, keyspace::Use::kAsk, [](const keyspace::Entry*) {});
}

namespace {

bool is_interrupted(Interrupt* interrupt) {
  if (interrupt == nullptr) return false;
  base::LeafLock lock(interrupt->state().mutex);
  return interrupt->state().interrupted;
}

}  // namespace

BlockedThread::BlockedThread(keyspace::WaitsFor what, Interrupt* interrupt) : Waiter(what), interrupt_(interrupt) {
  if (interrupt_ == nullptr) return;
  base::LeafLock lock(interrupt_->state().mutex);
  interrupt_->state().threads.push_back(this);
}

BlockedThread::~BlockedThread() {
  if (interrupt_ == nullptr) return;
  base::LeafLock lock(interrupt_->state().mutex);
  std::erase(interrupt_->state().threads, this);
}

void BlockedThread::wake() noexcept {
  base::LeafLock lock(mutex_);
  woken_ = true;
  condition_.notify_all();
}

Status BlockedThread::wait(keyspace::Environment& environment, std::uint64_t give_up_us) {
  constexpr std::uint64_t kLookAgainUs = 10'000;  // at a clock that may be advanced by hand
  if (is_interrupted(interrupt_)) return {ErrorCode::kInterrupted, "Interrupt::interrupt was called"};
  base::LeafLock lock(mutex_);
  while (!woken_) {
    if (give_up_us == 0) {
      condition_.wait(mutex_);
      continue;
    }
    const std::uint64_t now = environment.monotonic_us();
    if (now >= give_up_us) return {ErrorCode::kTimeout, "nothing has come"};
    condition_.wait_for(mutex_, std::chrono::microseconds(std::min(give_up_us - now, kLookAgainUs)));
  }
  woken_ = false;
  return {};
}

}  // namespace commands
}  // namespace larder

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/discards.h"

#include <deque>
#include <new>
#include <utility>

namespace larder::keyspace {
namespace {

void free(const Discarded& item, memory::ShardMemory& memory) {
  if (item.has_blob()) item.entry->blob()->release(item.blob_charged);
  memory.free_detached(item.entry, item.bytes, item.charge);
}

void tell(Environment& environment, const Discarded& item) {
  const Entry& entry = *item.entry;
  if (!item.told || (entry.is_ghost() && !entry.stale()) || environment.quiet.load(std::memory_order_relaxed)) return;
  try {
    environment.listener(entry.key(), entry.value(), item.cause);
  } catch (...) {
    environment.listener_failures.fetch_add(1, std::memory_order_relaxed);
  }
}

// The releases under way in this thread, one a cache at most: the innermost is of a cache that a listener of the next
// one called.
class Releasing {
 public:
  explicit Releasing(Environment& environment) : environment_(environment), outer_(innermost_) { innermost_ = this; }
  // Tells of all that waits, and of what that removes.
  ~Releasing() {
    while (!waiting_.empty()) {
      const auto [item, memory] = waiting_.front();
      waiting_.pop_front();
      tell(environment_, item);
      free(item, *memory);
    }
    innermost_ = outer_;
  }
  Releasing(const Releasing&) = delete;
  Releasing& operator=(const Releasing&) = delete;

  // Null: none of this cache.
  static Releasing* of(const Environment& environment) {
    Releasing* one = innermost_;
    while (one != nullptr && &one->environment_ != &environment) one = one->outer_;
    return one;
  }
  // Where there is no memory to remember it, the listener is not told.
  void add(Discarded item, memory::ShardMemory& memory) {
    try {
      waiting_.push_back({item, &memory});
    } catch (const std::bad_alloc&) {
      environment_.listener_failures.fetch_add(1, std::memory_order_relaxed);
      return free(item, memory);
    }
    Discarded& waiting = waiting_.back().item;
    memory.uncharge_detached(std::exchange(waiting.charge, 0));
    waiting.blob_charged = !waiting.has_blob() || !waiting.entry->blob()->uncharge();
  }

 private:
  struct Waiting {
    Discarded item;
    memory::ShardMemory* memory;
  };
  static thread_local Releasing* innermost_;

  Environment& environment_;
  Releasing* const outer_;
  std::deque<Waiting> waiting_ = {};
};
thread_local Releasing* Releasing::innermost_ = nullptr;

}  // namespace

void Discards::release() {
  const auto each = [&](auto&& visit) {
    for (std::uint32_t i = 0; i < count_ && i < kInline; ++i) visit(first_[i]);
    for (const Discarded& item : more_) visit(item);
  };
  if (!environment_.listener) {
    each([&](const Discarded& item) { free(item, memory_); });
    return;
  }
  if (Releasing* under_way = Releasing::of(environment_)) {
    each([&](const Discarded& item) { under_way->add(item, memory_); });
    return;
  }
  const Releasing mine(environment_);
  each([&](const Discarded& item) {
    tell(environment_, item);
    free(item, memory_);
  });
}

struct ListenerPause::Rest {
  Releasing releasing;
};

ListenerPause::ListenerPause(Environment& environment) {
  if (!environment.listener || Releasing::of(environment) != nullptr) return;
  rest_.reset(new Rest{Releasing(environment)});
}

ListenerPause::~ListenerPause() = default;

}  // namespace larder::keyspace

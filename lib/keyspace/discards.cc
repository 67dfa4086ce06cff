// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/discards.h"

#include <deque>
#include <utility>

namespace larder::keyspace {
namespace {

void free(const Discarded& item, memory::ShardMemory& memory) {
  if (item.has_blob()) item.entry->blob()->release(item.blob_charged);
  memory.free_detached(item.entry, item.bytes, item.charge);
}

// The releases under way in this thread, one a cache at most: the innermost is of a cache that a listener of the next
// one called.
struct Releasing {
  struct Waiting {
    Discarded item;
    memory::ShardMemory* memory;
  };
  const Environment* environment;
  Releasing* outer;
  std::deque<Waiting> waiting = {};
};
thread_local Releasing* innermost = nullptr;

Releasing* releasing(const Environment& environment) {
  Releasing* one = innermost;
  while (one != nullptr && one->environment != &environment) one = one->outer;
  return one;
}

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
  if (Releasing* under_way = releasing(environment_)) {
    each([&](Discarded item) {
      memory_.uncharge_detached(std::exchange(item.charge, 0));
      item.blob_charged = !item.has_blob() || !item.entry->blob()->uncharge();
      under_way->waiting.push_back({item, &memory_});
    });
    return;
  }
  Releasing mine{&environment_, innermost};
  innermost = &mine;
  each([&](const Discarded& item) {
    tell(item);
    free(item, memory_);
  });
  while (!mine.waiting.empty()) {
    const auto [item, memory] = mine.waiting.front();
    mine.waiting.pop_front();
    tell(item);
    free(item, *memory);
  }
  innermost = mine.outer;
}

void Discards::tell(const Discarded& item) {
  const Entry& entry = *item.entry;
  if (!item.whole || entry.is_ghost() || environment_.quiet.load(std::memory_order_relaxed)) return;
  try {
    environment_.listener(entry.key(), entry.value(), item.cause);
  } catch (...) {
    environment_.listener_failures.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace larder::keyspace

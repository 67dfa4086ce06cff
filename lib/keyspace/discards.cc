// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/discards.h"

#include <new>
#include <utility>

namespace larder::keyspace {
namespace {

void free(const Discarded& item, memory::ShardMemory& memory) {
  if (item.has_outside()) item.entry->outside().release(item.outside_charged);
  memory.free_detached(item.entry, item.bytes, item.charge);
}

void tell(Environment& environment, const Discarded& item) {
  const Entry& entry = *item.entry;
  if (!item.told || (entry.is_ghost() && !entry.stale()) || environment.quiet.load(std::memory_order_relaxed)) return;
  try {
    environment.listener(entry.key(), entry.is_collection() ? std::string_view() : entry.value(), item.cause);
  } catch (...) {
    environment.listener_failures.fetch_add(1, std::memory_order_relaxed);
  }
}

// There is no memory to remember it.
void forget(Environment& environment, const Discarded& item, memory::ShardMemory& memory) {
  if (item.told && environment.listener) environment.listener_failures.fetch_add(1, std::memory_order_relaxed);
  free(item, memory);
}

thread_local Releasing* innermost = nullptr;

}  // namespace

Releasing::Releasing(Environment& environment) noexcept : environment_(environment), outer_(innermost) {
  innermost = this;
}

Releasing::~Releasing() {
  while (!waiting_.empty()) {
    for (const auto& [item, memory] : std::exchange(waiting_, {})) {
      tell(environment_, item);
      free(item, *memory);
    }
  }
  innermost = outer_;
}

Releasing* Releasing::of(const Environment& environment) noexcept {
  Releasing* one = innermost;
  while (one != nullptr && &one->environment_ != &environment) one = one->outer_;
  return one;
}

void Releasing::add(Discarded item, memory::ShardMemory& memory) noexcept {
  try {
    waiting_.push_back({item, &memory});
  } catch (const std::bad_alloc&) {
    return forget(environment_, item, memory);
  }
  Discarded& waiting = waiting_.back().item;
  memory.uncharge_detached(std::exchange(waiting.charge, 0));
  waiting.outside_charged = !waiting.has_outside() || !waiting.entry->outside().uncharge();
}

bool Discards::push_more(const Discarded& item) noexcept {
  try {
    more_.push_back(item);
    return true;
  } catch (const std::bad_alloc&) {
    forget(environment_, item, memory_);
    return false;
  }
}

void Discards::release() noexcept {
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

}  // namespace larder::keyspace

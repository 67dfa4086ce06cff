// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/wait_lines.h"

#include "keyspace/keyspace.h"

namespace larder::keyspace {

void WaitLines::join(std::string_view key, Waiter& waiter) {
  Lines& lines = of(waiter.what());
  const auto found = lines.try_emplace(std::string(key)).first;
  try {
    found->second.push_back(&waiter);
  } catch (const std::bad_alloc&) {
    if (found->second.empty()) lines.erase(found);
    throw;
  }
}

void WaitLines::leave(std::string_view key, Waiter& waiter) noexcept {
  Lines& lines = of(waiter.what());
  const auto found = lines.find(key);
  if (found == lines.end()) return;
  found->second.remove(&waiter);
  if (found->second.empty()) {
    lines.erase(found);
  } else {
    found->second.front()->wake();
  }
}

void WaitLines::wake(std::string_view key) noexcept {
  for (const Lines* lines : {&of_lists_, &of_sorted_sets_}) {
    const auto found = lines->find(key);
    if (found != lines->end()) found->second.front()->wake();
  }
}

void WaitLines::wake_all() noexcept {
  for (const Lines* lines : {&of_lists_, &of_sorted_sets_}) {
    for (const auto& [key, line] : *lines) {
      for (Waiter* waiter : line) waiter->wake();
    }
  }
}

namespace {

template <typename Use>
auto with_lines(Keyspace& keyspace, std::string_view key, Use&& use) {
  Shard& shard = keyspace.shard_of(keyspace.hash_of(key));
  base::MutexLock lock(shard.mutex);
  return use(shard);
}

}  // namespace

PlacesInLine::PlacesInLine(Keyspace& keyspace, std::span<const std::string_view> keys, Waiter& waiter)
    : keyspace_(keyspace), keys_(keys), waiter_(waiter) {
  std::size_t joined = 0;
  try {
    for (; joined < keys.size(); ++joined) {
      with_lines(keyspace, keys[joined], [&](Shard& shard) { shard.lines.join(keys[joined], waiter); });
    }
  } catch (const std::bad_alloc&) {
    leave(joined);
    throw;
  }
  keyspace.count_waiters(1);
}

PlacesInLine::~PlacesInLine() {
  leave(keys_.size());
  keyspace_.count_waiters(-1);
}

void PlacesInLine::leave(std::size_t joined) noexcept {
  for (const std::string_view key : keys_.first(joined)) {
    with_lines(keyspace_, key, [&](Shard& shard) { shard.lines.leave(key, waiter_); });
  }
}

bool PlacesInLine::is_first(std::string_view key) const {
  return with_lines(keyspace_, key, [&](Shard& shard) { return shard.closed || shard.lines.is_first(key, waiter_); });
}

bool has_line(Keyspace& keyspace, std::string_view key, WaitsFor what) {
  return with_lines(keyspace, key, [&](Shard& shard) { return shard.lines.has(key, what); });
}

}  // namespace larder::keyspace

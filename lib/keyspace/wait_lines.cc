// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "keyspace/wait_lines.h"

#include <algorithm>

#include "keyspace/keyspace.h"

namespace larder::keyspace {

WaitLines::Line::iterator WaitLines::join(std::string_view key, Waiter& waiter) {
  Lines& lines = of(waiter.what());
  const auto found = lines.try_emplace(std::string(key)).first;
  try {
    return found->second.insert(found->second.end(), &waiter);
  } catch (const std::bad_alloc&) {
    if (found->second.empty()) lines.erase(found);
    throw;
  }
}

// Only the first may have been woken for something that he leaves behind.
void WaitLines::leave(std::string_view key, Line::iterator place) noexcept {
  Lines& lines = of((*place)->what());
  const auto found = lines.find(key);
  Line& line = found->second;
  const bool was_first = place == line.begin();
  line.erase(place);
  if (line.empty()) {
    lines.erase(found);
  } else if (was_first) {
    line.front()->wake();
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
    : keyspace_(keyspace), waiter_(waiter) {
  std::vector<std::string_view> once(keys.begin(), keys.end());
  std::sort(once.begin(), once.end());
  once.erase(std::unique(once.begin(), once.end()), once.end());
  places_.reserve(once.size());
  try {
    for (const std::string_view key : once) {
      places_.push_back({key, with_lines(keyspace, key, [&](Shard& shard) { return shard.lines.join(key, waiter); })});
    }
  } catch (const std::bad_alloc&) {
    leave();
    throw;
  }
  keyspace.count_waiters(1);
}

PlacesInLine::~PlacesInLine() {
  leave();
  keyspace_.count_waiters(-1);
}

void PlacesInLine::leave() noexcept {
  for (const Place& place : places_) {
    with_lines(keyspace_, place.key, [&](Shard& shard) { shard.lines.leave(place.key, place.at); });
  }
}

bool PlacesInLine::is_first(std::string_view key) const {
  return with_lines(keyspace_, key, [&](Shard& shard) { return shard.closed || shard.lines.is_first(key, waiter_); });
}

bool has_line(Keyspace& keyspace, std::string_view key, WaitsFor what) {
  return with_lines(keyspace, key, [&](Shard& shard) { return shard.lines.has(key, what); });
}

}  // namespace larder::keyspace

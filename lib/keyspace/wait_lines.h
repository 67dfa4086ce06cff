// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Who waits for a key to hold a collection of a type, in the order in which they came. A write of the key wakes the
// first, who looks what is there, under no lock. When he leaves, with something or with nothing, the next is woken: so
// what one has left the next finds, and no wake-up is lost.
//
// Thread safety: WaitLines none, it is under its shard's lock; PlacesInLine belongs to one thread, and takes the locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace larder::keyspace {

class Keyspace;

enum class WaitsFor : std::uint8_t { kList, kSortedSet };

class Waiter {
 public:
  explicit Waiter(WaitsFor what) noexcept : what_(what) {}
  WaitsFor what() const noexcept { return what_; }
  // Something may be there. Called under a shard's lock: must not block, nor call the cache.
  virtual void wake() noexcept = 0;

 protected:
  ~Waiter() = default;

 private:
  const WaitsFor what_;
};

class WaitLines {
 public:
  using Line = std::list<Waiter*>;
  bool empty() const noexcept { return of_lists_.empty() && of_sorted_sets_.empty(); }
  bool has(std::string_view key, WaitsFor what) const { return of(what).contains(key); }
  // Whether nobody who waits for the same was there before. REQUIRES: he is in this line.
  bool is_first(std::string_view key, const Waiter& waiter) const {
    return of(waiter.what()).find(key)->second.front() == &waiter;
  }
  // The place that it has there. Throws std::bad_alloc.
  Line::iterator join(std::string_view key, Waiter& waiter);
  // O(1).
  void leave(std::string_view key, Line::iterator place) noexcept;
  // The key was written.
  void wake(std::string_view key) noexcept;
  void wake_all() noexcept;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Lines = std::unordered_map<std::string, Line, Hash, std::equal_to<>>;
  const Lines& of(WaitsFor what) const noexcept { return what == WaitsFor::kList ? of_lists_ : of_sorted_sets_; }
  Lines& of(WaitsFor what) noexcept { return what == WaitsFor::kList ? of_lists_ : of_sorted_sets_; }

  Lines of_lists_;
  Lines of_sorted_sets_;
};

// A waiter's places in the lines of several keys.
class PlacesInLine {
 public:
  // The last in each line; in one line once, however often it is named. The keys must stay as they are. Throws
  // std::bad_alloc.
  PlacesInLine(Keyspace& keyspace, std::span<const std::string_view> keys, Waiter& waiter);
  ~PlacesInLine();
  PlacesInLine(const PlacesInLine&) = delete;
  PlacesInLine& operator=(const PlacesInLine&) = delete;

  // Whether he may look at this key; also if the cache is closed, so that he finds out. REQUIRES: one of them.
  bool is_first(std::string_view key) const;

 private:
  void leave() noexcept;

  struct Place {
    std::string_view key;
    WaitLines::Line::iterator at;
  };
  Keyspace& keyspace_;
  Waiter& waiter_;
  std::vector<Place> places_;
};

// Whether somebody waits for that already.
bool has_line(Keyspace& keyspace, std::string_view key, WaitsFor what);

}  // namespace larder::keyspace

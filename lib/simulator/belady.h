// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Belady's cache (L. Belady, IBM Systems Journal 5(2), 1966), which knows the trace: who goes is the object whose next
// use is farthest away. It always admits. With objects of one weight no cache that has to admit has fewer misses. With
// weights it is not optimal; `kDistanceTimesSize`, who has the largest product of both, comes closer, and is not
// optimal either (that problem is NP-hard).
//
// An object's next use is its next get, unless it is written or deleted before: then it has none. Each resident has a
// key, the number of the request that uses it next, or one behind all requests if there is none: so keys are unique and
// name their objects. A heap of keys, largest on top, has those of residents and some that have come to pass: these are
// smaller than all others, so they sink, and go when they are half of the heap. With weights: such a heap for each
// class of sizes that differ by less than a 16th, whose tops are compared.
//
// Cost: O(log n) an eviction, mostly O(1) a hit; 4 bytes a request for the next uses, which all sizes share, and 12 an
// object. Thread safety: none.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"
#include "simulator/trace.h"

namespace larder::simulator {

// Of each request: the number of the next get of its object if neither a write nor a deletion comes first, else kNever.
// O(requests).
inline constexpr std::uint32_t kNever = UINT32_MAX;
std::vector<std::uint32_t> next_uses(const Trace& trace);

class BeladyCache {
 public:
  enum class Order : std::uint8_t { kDistance, kDistanceTimesSize };

  // Of the objects 0 to `objects` - 1, up to `capacity` of their weight. Trace and next uses must outlive it. REQUIRES:
  // fewer than 2^31 requests.
  BeladyCache(const Trace& trace, const std::vector<std::uint32_t>& next, std::uint64_t capacity,
              Order order = Order::kDistance);

  // As SimulatedCache has them. `begin` before each request.
  void begin(std::uint32_t request) { now_ = request; }
  bool access(std::uint32_t number, std::uint32_t weight = 1) {
    Object& object = objects_[number];
    if (object.key == 0) {
      insert(number, weight);
      return false;
    }
    object.key = next_key();
    push(object);
    return true;
  }
  void store(std::uint32_t number, std::uint32_t weight) {
    erase(number);
    insert(number, weight);
  }
  void erase(std::uint32_t number);
  bool holds(std::uint32_t number) const { return objects_[number].key != 0; }
  void prepare(std::uint32_t number) const { base::prefetch(&objects_[number]); }
  void prepare_more(std::uint32_t /*number*/) const {}

 private:
  struct Object {
    std::uint32_t key = 0;  // 0: not resident; no next use is the first request
    std::uint32_t weight = 0;
  };
  struct Class {
    std::vector<std::uint32_t> heap;
    std::uint64_t alive = 0;
  };

  // Requests that have no next use get the keys behind all requests.
  std::uint32_t next_key() const { return next_[now_] == kNever ? requests_ + now_ : next_[now_]; }
  std::uint32_t number_of(std::uint32_t key) const { return ids_[key < requests_ ? key : key - requests_]; }
  bool is_current(std::uint32_t key) const { return objects_[number_of(key)].key == key; }
  std::size_t class_of(std::uint32_t weight) const;
  void push(const Object& object);
  void insert(std::uint32_t number, std::uint32_t weight);
  void evict();
  // Takes keys that are not current off the top.
  void clean(Class& sizes);
  void drop(Class& sizes, std::uint32_t number);

  const std::uint32_t* ids_;
  const std::vector<std::uint32_t>& next_;
  const std::uint32_t requests_;
  const std::uint64_t capacity_;
  const Order order_;
  std::uint32_t now_ = 0;
  std::uint64_t weight_ = 0;
  std::vector<Object> objects_;
  std::vector<Class> classes_;
};

}  // namespace larder::simulator

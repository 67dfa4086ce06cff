// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/belady.h"

#include "base/check.h"
#include "base/random.h"

namespace larder::simulator {

std::vector<std::uint32_t> next_uses(const Trace& trace) {
  std::vector<std::uint32_t> next(trace.ids.size(), kNever);
  std::vector<std::uint32_t> later(trace.objects, kNever);
  for (std::size_t i = trace.ids.size(); i-- > 0;) {
    const bool is_get = trace.ops.empty() || trace.ops[i] == Trace::Op::kGet;
    next[i] = later[trace.ids[i]];
    later[trace.ids[i]] = is_get ? static_cast<std::uint32_t>(i) : kNever;
  }
  return next;
}

BeladyCache::BeladyCache(const Trace& trace, const std::vector<std::uint32_t>& next, std::uint64_t capacity,
                         Order order)
    : ids_(trace.ids.data()),
      next_(next),
      requests_(static_cast<std::uint32_t>(trace.ids.size())),
      capacity_(capacity),
      order_(order),
      objects_(trace.objects),
      classes_(order == Order::kDistance ? 1 : 33 * 16) {
  LARDER_CHECK(trace.ids.size() < std::size_t{1} << 31, "too many requests for Belady's cache");
}

// By the highest bit and the four below it.
std::size_t BeladyCache::class_of(std::uint32_t weight) const {
  if (order_ == Order::kDistance) return 0;
  if (weight < 16) return weight;
  const auto shift = static_cast<std::uint32_t>(std::bit_width(weight)) - 5;
  return (shift + 1) * 16 + ((weight >> shift) & 15);
}

void BeladyCache::push(const Object& object) {
  Class& sizes = classes_[class_of(object.weight)];
  constexpr std::uint64_t kSlack = 64;
  if (sizes.heap.size() > 2 * sizes.alive + kSlack) {
    std::erase_if(sizes.heap, [&](std::uint32_t key) { return key == object.key || !is_current(key); });
    std::make_heap(sizes.heap.begin(), sizes.heap.end());
  }
  sizes.heap.push_back(object.key);
  std::push_heap(sizes.heap.begin(), sizes.heap.end());
}

void BeladyCache::insert(std::uint32_t number, std::uint32_t weight) {
  if (weight > capacity_) return;
  while (weight_ + weight > capacity_) evict();
  Object& object = objects_[number];
  object.weight = weight;
  object.key = next_key();
  weight_ += weight;
  ++classes_[class_of(weight)].alive;
  push(object);
}

void BeladyCache::erase(std::uint32_t number) {
  if (holds(number)) drop(classes_[class_of(objects_[number].weight)], number);
}

void BeladyCache::drop(Class& sizes, std::uint32_t number) {
  objects_[number].key = 0;
  weight_ -= objects_[number].weight;
  --sizes.alive;
}

void BeladyCache::clean(Class& sizes) {
  if (sizes.alive == 0) sizes.heap.clear();
  while (!sizes.heap.empty() && !is_current(sizes.heap.front())) {
    std::pop_heap(sizes.heap.begin(), sizes.heap.end());
    sizes.heap.pop_back();
  }
}

void BeladyCache::evict() {
  Class* most = nullptr;
  base::Wide product_most = 0;
  for (Class& sizes : classes_) {
    if (sizes.heap.empty()) continue;
    clean(sizes);
    if (sizes.heap.empty()) continue;
    const std::uint32_t key = sizes.heap.front();
    const base::Wide distance = key < requests_ ? key - now_ : std::uint64_t{1} << 32;
    const base::Wide product = distance * objects_[number_of(key)].weight;
    if (most != nullptr && product <= product_most) continue;
    most = &sizes;
    product_most = product;
  }
  const std::uint32_t number = number_of(most->heap.front());
  drop(*most, number);
  std::pop_heap(most->heap.begin(), most->heap.end());
  most->heap.pop_back();
}

}  // namespace larder::simulator

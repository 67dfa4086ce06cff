// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "out_of_memory/failing_new.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace larder::out_of_memory {
namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

thread_local std::uint64_t until_failure = kNever;
thread_local bool all_that_follow = false;
thread_local bool has_failed = false;
thread_local int plenty = 0;
thread_local const std::function<void()>* before = nullptr;
thread_local std::size_t before_bytes = 0;
std::atomic<std::uint64_t> random_one_in{0};
std::atomic<std::uint64_t> draws{0};

bool fails() noexcept {
  if (plenty != 0) return false;
  if (const std::uint64_t one_in = random_one_in.load(std::memory_order_relaxed); one_in != 0) {
    // SplitMix64's step.
    std::uint64_t x = draws.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return (x ^ (x >> 31)) % one_in == 0;
  }
  if (until_failure == kNever || --until_failure != 0) return false;
  until_failure = all_that_follow ? 1 : kNever;
  has_failed = true;
  return true;
}

}  // namespace

FailNth::FailNth(std::uint64_t n, bool all_later) noexcept {
  has_failed = false;
  all_that_follow = all_later;
  until_failure = n;
}
FailNth::~FailNth() { until_failure = kNever; }
bool FailNth::met() const noexcept { return has_failed; }

FailAtRandom::FailAtRandom(std::uint64_t one_in, std::uint64_t seed) noexcept {
  draws.store(seed);
  random_one_in.store(one_in);
}
FailAtRandom::~FailAtRandom() { random_one_in.store(0); }

Before::Before(std::size_t bytes, std::function<void()> act) noexcept : act_(std::move(act)) {
  before = &act_;
  before_bytes = bytes;
}
Before::~Before() { before = nullptr; }

Plenty::Plenty() noexcept { ++plenty; }
Plenty::~Plenty() { --plenty; }

Want::Want() noexcept : plenty_(std::exchange(plenty, 0)) {}
Want::~Want() { plenty = plenty_; }

void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
  if (before != nullptr && bytes >= before_bytes) {
    const std::function<void()>* act = std::exchange(before, nullptr);
    (*act)();
    before = act;
  }
  if (fails()) return nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes == 0 ? 1 : bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t bytes, std::size_t alignment) {
  void* block = allocate(bytes, alignment);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace larder::out_of_memory

using larder::out_of_memory::allocate;
using larder::out_of_memory::allocate_or_throw;

// All of them: a sanitizer has its own of each that is missing.
void* operator new(std::size_t bytes) { return allocate_or_throw(bytes, 1); }
void* operator new[](std::size_t bytes) { return allocate_or_throw(bytes, 1); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, 1); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept { std::free(block); }

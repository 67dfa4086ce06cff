// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The global operator new of this program, which fails, or does something else before, when it is told to. What the
// cache takes from its allocator, which is malloc, is not touched.
//
// Thread safety: all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace larder::out_of_memory {

// While one lives, in this thread the n-th allocation fails (n from 1), and with `all_later` so do all that follow.
class FailNth {
 public:
  FailNth(std::uint64_t n, bool all_later) noexcept;
  ~FailNth();
  FailNth(const FailNth&) = delete;
  FailNth& operator=(const FailNth&) = delete;
  // Whether one has failed.
  bool met() const noexcept;
};

// While one lives, allocations of all threads fail at random: one in so many.
class FailAtRandom {
 public:
  FailAtRandom(std::uint64_t one_in, std::uint64_t seed) noexcept;
  ~FailAtRandom();
  FailAtRandom(const FailAtRandom&) = delete;
  FailAtRandom& operator=(const FailAtRandom&) = delete;
};

// While one lives, this thread calls `act` before each allocation of at least so many bytes, but for its own: what
// another thread might do at that moment.
class Before {
 public:
  Before(std::size_t bytes, std::function<void()> act) noexcept;
  ~Before();
  Before(const Before&) = delete;
  Before& operator=(const Before&) = delete;

 private:
  const std::function<void()> act_;
};

// While one lives, none fails in this thread: it is in code of the user's.
class Plenty {
 public:
  Plenty() noexcept;
  ~Plenty();
  Plenty(const Plenty&) = delete;
  Plenty& operator=(const Plenty&) = delete;
};

// While one lives, this thread has none of the plenty around it.
class Want {
 public:
  Want() noexcept;
  ~Want();
  Want(const Want&) = delete;
  Want& operator=(const Want&) = delete;

 private:
  const int plenty_;
};

}  // namespace larder::out_of_memory

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How often a store is called, and with how much: the circuit breaker, the rate limit, the size of a batch, and the
// wait before something is tried again. It learns from each call.
//
// Thread safety: all of it. Blocks for no store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/mutex.h"
#include "larder/backing_store.h"
#include "store/backoff.h"
#include "store/circuit_breaker.h"
#include "store/rate_limit.h"

namespace larder::store {

class Pace {
 public:
  Pace(const WriteBackOptions& options, std::uint64_t seed);

  // Leave to call the store once. What is not used is given back, whatever has happened.
  class Turn {
   public:
    Turn(Pace& pace, std::uint64_t now_ms) : pace_(pace), granted_(pace.grant(now_ms)) {}
    ~Turn() {
      if (granted_ != 0) pace_.correct(granted_, went_);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    // So many mutations, or those of one command. 0: not now.
    std::size_t granted() const noexcept { return granted_; }
    // The store is called with so many; then it is told how that went: `learn`.
    void goes(std::size_t count) noexcept { went_ = count; }

   private:
    Pace& pace_;
    const std::size_t granted_;
    std::size_t went_ = 0;
  };

  struct Call {
    std::uint64_t ended_ms;
    std::size_t count;
    std::size_t decided;  // done, or refused for ever
    bool answered;        // each mutation by itself
    bool divisible;       // it could have been several calls
    bool failed_before;   // that mutation, if there was one
    const Status* error;  // of a mutation that is not done; null: all are
  };
  void learn(const Call& call) noexcept;
  // It is asked once more, left alone or not.
  void ask_again() noexcept;

  // After so many failures of a mutation in sequence.
  std::uint64_t wait_ms(std::uint32_t failures) noexcept;

  // By the circuit breaker.
  bool left_alone() const;
  Status last_error() const noexcept;  // ok, too, where there is no memory for it

 private:
  std::size_t grant(std::uint64_t now_ms);
  void correct(std::size_t granted, std::size_t went) noexcept;

  const std::uint32_t batch_max_;
  const Backoff backoff_;
  mutable base::LeafMutex mutex_;
  CircuitBreaker breaker_ GUARDED_BY(mutex_);
  RateLimit rate_ GUARDED_BY(mutex_);
  base::Random random_ GUARDED_BY(mutex_);
  std::uint32_t batch_
      GUARDED_BY(mutex_);  // halved after a call that failed as a whole, doubled after one that did not
  Status last_error_ GUARDED_BY(mutex_);
};

}  // namespace larder::store

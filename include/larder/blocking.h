// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Calls that wait until there is something to take: blpop, brpop, blmove, blmpop, bzpop_min, bzpop_max and their kin.
//
//     larder::Interrupt stop;
//     while (auto job = cache.blmove("todo", "doing", ListEnd::kRight, ListEnd::kLeft, {.interrupt = &stop})) run(*job);
//
// They look at once, and then whenever one of their keys is written, by whomever. Who waits for a key is served in the
// order of coming; who waits for several takes from the first of them that has something. What a call that does not
// wait takes meanwhile (lpop) is not there for those who do. Waiting holds nothing; with a time it looks at the clock a
// hundred times a second.
//
// A miss: the time is over. kInterrupted; kClosed, as soon as the cache is closed. A key of another type is kWrongType
// when the call begins; one that becomes so later is passed by. In a transaction they do not wait: what is there, or a
// miss. With a store behind, a call looks at what is loaded as any command does, and then waits for writes of this
// cache: what others write to the store nobody is told of.
#pragma once

#include <memory>

#include "larder/clock.h"

namespace larder {

// Ends calls that wait.
class Interrupt final {
 public:
  Interrupt();   // throws std::bad_alloc. For one stop: it is not set back
  ~Interrupt();  // REQUIRES: no call waits with it
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Calls that wait with it answer kInterrupted, and so do those that would begin to: what is there at once they take.
  // Thread safety: any thread.
  void interrupt() noexcept;

  struct State;
  State& state() noexcept { return *state_; }  // for the implementation

 private:
  std::unique_ptr<State> state_;
};

struct BlockOptions {
  Milliseconds at_most{0};  // zero: as long as it takes; below zero, as what is left of a time: not at all
  Interrupt* interrupt = nullptr;
};

}  // namespace larder

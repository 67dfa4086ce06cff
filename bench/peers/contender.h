// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache as the bench sees it. Calls here do a whole segment of work: what is virtual is paid once for some hundred
// thousand operations. The loops are in contender_of.h, compiled once for each peer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/workload/keys.h"
#include "bench/workload/pause_recorder.h"

namespace larder::bench {

// What a loop does with each of its keys. All but kSet copy values into a string that is reused.
enum class Work : std::uint8_t {
  kGet,
  kGetBatch,  // the same, 16 keys a call where the peer can, one by one where it cannot
  kSet,
  kReadThrough,  // get, and set what was missing
  kMix,          // 19 gets, then a set
};
inline constexpr std::size_t kBatchKeys = 16;

// Whether a processor may begin an operation while the one before waits for memory. In a bare loop it does, for several
// operations at a time, and for more of them the shorter their code; a program that does something between two calls
// sees nothing of that.
enum class Pace : std::uint8_t { kOneByOne, kOverlapped };

// What a peer is, for reports.
struct PeerFacts {
  std::string name;
  std::string policy;           // of eviction; "none" for a plain map
  std::string note;             // what it does not do, in a line
  bool evicts = false;          // keeps a bound by evicting
  bool batches = false;         // has a call for several keys
  unsigned overhead_bytes = 0;  // an entry's, beyond its key and value: roughly, to plan memory
};

// What to make. REQUIRES: entries > 0.
struct PeerSetup {
  std::uint64_t entries = 0;  // that it will hold
  std::uint32_t value_bytes = 0;
  bool at_bound = false;        // true: `entries` is its bound, to be reached. false: there is room for a quarter more
  bool bound_is_memory = true;  // for a peer that knows both: its bound is in bytes, found by `tighten`
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual const PeerFacts& facts() const = 0;

  // Makes an empty cache; drops it.
  virtual void open(const PeerSetup& setup) = 0;
  virtual void close() = 0;

  // REQUIRES for all that follows: it is open. `run` may be called by several threads at a time; it answers how many
  // keys were found.
  virtual std::uint64_t run(Work work, Pace pace, KeySpan keys, std::string_view value) = 0;
  // kSet, with each operation timed.
  virtual void run_timed(KeySpan keys, std::string_view value, PauseRecorder& pauses) = 0;
  // Makes the bound what `entries` such entries as it holds now take. Nothing where the bound is a number of entries.
  virtual void tighten(std::uint64_t entries) = 0;
  virtual std::uint64_t entries() const = 0;
  // What it says it uses, in bytes; 0 where it does not say.
  virtual std::uint64_t bytes_used() const = 0;

  // Stores, overwrites, reads and misses a few keys. What went wrong, or an empty string.
  virtual std::string check() = 0;
};

}  // namespace larder::bench

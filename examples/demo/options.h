// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The demo's command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace demo {

struct Options {
  std::string trace;                         // file of requests; empty: a Zipf workload is made
  std::optional<std::uint64_t> memory;       // the cache's bound, in bytes; none: a tenth of the data
  std::string policy = "adaptive";           // a name that larder::Eviction::named knows
  std::uint32_t threads = 2;                 // that send requests
  double seconds = 50;                       // for the measured runs together
  double updates_percent = 5;                // of the requests that write to the database
  std::optional<std::uint64_t> value_bytes;  // of a row; none: as the trace says, or kValueBytes
  std::uint64_t keys = 200'000;              // rows of the Zipf workload
  std::optional<std::uint64_t> requests;     // none: the whole trace, or kRequests
  double skew = 0.99;                        // exponent of the Zipf workload
  std::chrono::milliseconds ttl{1'000};      // of cached rows; 0: they do not expire
  std::uint64_t seed = 1;                    // of all that is random
  std::string json;                          // file for the figures; empty: none
  bool keep = false;                         // leave the database where it is
  bool break_invalidation = false;           // do not invalidate after an update: the check must find it
  bool lose_writes = false;                  // the store loses some: the comparison must find it
  bool help = false;

  bool made_workload() const { return trace.empty(); }
};

inline constexpr std::uint64_t kValueBytes = 512;
inline constexpr std::uint64_t kRequests = 5'000'000;

// Fills `options`, and says what is wrong with the command line in a message for its user; an empty message: nothing.
std::string parse_options(int argc, char** argv, Options& options);

// What --help prints.
std::string help_text();

}  // namespace demo

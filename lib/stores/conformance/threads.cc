// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several threads at once, as many as the cache's callers.
#include <atomic>

#include "larder/clock.h"
#include "stores/conformance/trial.h"

namespace larder::stores::conformance {
namespace {

using namespace std::chrono_literals;
using Outcome = WriteResult::Outcome;

constexpr std::size_t kThreads = 8;

void note_all(Trial& trial, const std::vector<std::string>& thrown) {
  for (const std::string& what : thrown) trial.note_thrown("calls in several threads", what);
}

void read_your_writes(Trial& trial) {
  const std::string key = trial.key("value");
  for (int i = 0; i < 20; ++i) {
    const std::string bytes = std::to_string(i);
    if (!trial.must_write(trial.put(key, bytes), "put")) return;
    Lookup<StoredValue> found;
    note_all(trial, in_threads(1, [&](std::size_t) { found = trial.load(key); }));
    trial.require(is(found, bytes, {}), "put, then load in another thread", printable(bytes), printable(found));
  }
}

void concurrent_writers(Trial& trial) {
  constexpr int kWrites = 25;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kThreads; ++i) keys.push_back(trial.key(std::to_string(i)));
  std::vector<std::string> wrong(kThreads);
  const auto thrown = in_threads(kThreads, [&](std::size_t thread) {
    for (int i = 0; i < kWrites && wrong[thread].empty(); ++i) {
      const std::string bytes = noise(100, thread * 1'000 + static_cast<std::size_t>(i));
      const WriteResult result = trial.write_one(trial.put(keys[thread], bytes, in(1h)));
      const Lookup<StoredValue> found = trial.load(keys[thread]);
      if (result.outcome == Outcome::kDone && found && found->bytes == bytes) continue;
      wrong[thread] = printable(result) + ", then load: " + printable(found, bytes);
    }
  });
  note_all(trial, thrown);
  for (const std::string& one : wrong) {
    trial.require(one.empty(), "8 threads that each put and load a key of their own", "done, and what was put", one);
  }
}

// A load sees one state or the other, whole: the end belongs to the bytes.
void concurrent_loads(Trial& trial) {
  constexpr int kLoads = 40;  // and until both have been seen
  constexpr std::chrono::nanoseconds kPatience = 300ms;
  const std::string key = trial.key("value");
  const std::string bytes[] = {noise(3'000, 1), noise(20, 2)};
  const std::optional<UnixTime> ends[] = {in(1h), std::nullopt};
  if (!trial.must_write(trial.put(key, bytes[0], ends[0]), "put")) return;
  std::atomic<std::size_t> readers{kThreads - 1};
  std::vector<std::string> wrong(kThreads);
  const auto write = [&] {
    for (std::size_t i = 0; readers.load() != 0 && wrong[0].empty(); ++i) {
      const WriteResult result = trial.write_one(trial.put(key, bytes[i % 2], ends[i % 2]));
      if (result.outcome != Outcome::kDone) wrong[0] = printable(result);
    }
  };
  const auto thrown = in_threads(kThreads, [&](std::size_t thread) {
    if (thread == 0) return write();
    struct Leave {
      std::atomic<std::size_t>& readers;
      ~Leave() { --readers; }
    } const leave{readers};
    bool seen[2] = {};
    const auto give_up = Clock::system().monotonic() + kPatience;
    for (int i = 0; wrong[thread].empty() && (i < kLoads || !seen[0] || !seen[1]); ++i) {
      const Lookup<StoredValue> found = trial.load(key);
      const bool is_state[] = {is(found, bytes[0], ends[0]), is(found, bytes[1], ends[1])};
      for (const std::size_t k : {0u, 1u}) seen[k] = seen[k] || is_state[k];
      if (!is_state[0] && !is_state[1]) wrong[thread] = printable(found);
      if (Clock::system().monotonic() > give_up) break;
    }
  });
  note_all(trial, thrown);
  for (const std::string& one : wrong) {
    trial.require(one.empty(), "loads while another thread puts two states by turns", "one of them, whole", one);
  }
}

// Threads that write groups of the same keys in another order each: an answer, and no deadlock.
void concurrent_groups(Trial& trial) {
  constexpr int kWrites = 15;
  const std::string keys[] = {trial.key("a"), trial.key("b")};
  std::atomic<std::uint64_t> group{trial.new_group()};
  std::atomic<int> done{0};
  std::vector<std::string> wrong(kThreads);
  const auto thrown = in_threads(kThreads, [&](std::size_t thread) {
    for (int i = 0; i < kWrites; ++i) {
      const std::string bytes = std::to_string(thread) + "," + std::to_string(i);
      Mutation batch[] = {trial.put(keys[thread % 2], bytes), trial.put(keys[1 - thread % 2], bytes)};
      batch[0].group = batch[1].group = group.fetch_add(1);
      const std::vector<WriteResult> results = trial.write(batch);
      if ((results[0].outcome == Outcome::kDone) != (results[1].outcome == Outcome::kDone)) {
        wrong[thread] = printable(results[0]) + " and " + printable(results[1]);
      }
      if (results[0].outcome == Outcome::kDone) ++done;
    }
  });
  note_all(trial, thrown);
  for (const std::string& one : wrong) {
    trial.require(one.empty(), "groups of the same two keys in 8 threads", "both done or both not", one);
  }
  trial.require(done.load() != 0, "groups of the same two keys in 8 threads", "some that are done", "none");
}

bool has_groups(Trial& trial) { return trial.store().capabilities().atomic_groups; }

}  // namespace

std::span<const Check> thread_checks() {
  static constexpr Check kChecks[] = {
      {"read_your_writes",
       "another connection reads an older state: a replica, an open snapshot, a commit that is not waited for",
       read_your_writes},
      {"concurrent_writers", "a connection is used by several threads at one time, or \"busy\" is not waited for",
       concurrent_writers},
      {"concurrent_loads",
       "bytes and end are read, or written, one after the other: do it in one statement, or in a transaction",
       concurrent_loads},
      {"concurrent_groups",
       "rows are locked in the order of the batch, so that groups wait for each other: lock them in the order of keys",
       concurrent_groups, has_groups},
  };
  return kChecks;
}

}  // namespace larder::stores::conformance

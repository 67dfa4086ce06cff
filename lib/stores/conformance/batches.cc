// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several keys in one write.
#include "stores/conformance/trial.h"

namespace larder::stores::conformance {
namespace {

using namespace std::chrono_literals;
using Outcome = WriteResult::Outcome;

// Every second of n keys is put, with its number as its bytes; the others are erased.
std::vector<Mutation> mixed_batch(Trial& trial, const std::vector<std::string>& keys,
                                  const std::vector<std::string>& values) {
  std::vector<Mutation> batch;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    batch.push_back(i % 2 == 0 ? trial.put(keys[i], values[i]) : trial.erase(keys[i]));
  }
  return batch;
}

void batch_of_several(Trial& trial) {
  constexpr std::size_t kCount = 64;
  std::vector<std::string> keys, values;
  for (std::size_t i = 0; i < kCount; ++i) {
    keys.push_back(trial.key(std::to_string(i)));
    values.push_back(noise(i * i, i));
    trial.must_write(trial.put(keys[i], "before", in(1h)), "put");
  }
  const std::vector<Mutation> batch = mixed_batch(trial, keys, values);
  for (const std::string did : {"a batch of 64 puts and erases", "the same batch again"}) {
    const std::vector<WriteResult> results = trial.write(batch);
    for (std::size_t i = 0; i < kCount; ++i) {
      trial.require(results[i].outcome == Outcome::kDone, did + ", result " + std::to_string(i), "done",
                    printable(results[i]));
      if (i % 2 == 0) trial.must_have(keys[i], values[i], did);
      if (i % 2 != 0) trial.must_miss(keys[i], did);
    }
  }
}

// Batches of one key after another, as the cache sends them: the last one counts.
void batches_in_order(Trial& trial) {
  const std::string key = trial.key("value"), other = trial.key("other");
  for (int i = 0; i < 20; ++i) {
    const std::string bytes = std::to_string(i);
    trial.must_write({trial.put(key, bytes), trial.put(other, bytes)}, "put two keys");
    trial.must_write(trial.erase(key), "erase one");
    trial.must_miss(key, "put, erase");
    trial.must_write({trial.put(other, bytes + "+"), trial.put(key, bytes + "+")}, "put the two the other way round");
    trial.must_have(key, bytes + "+", "put, erase, put");
    trial.must_have(other, bytes + "+", "put, put");
  }
}

// What lies behind the results is not the store's.
void results_in_bounds(Trial& trial) {
  const std::string key = trial.key("value"), other = trial.key("other");
  const Mutation batch[] = {trial.put(key, "1"), trial.put(other, "2")};
  std::vector<WriteResult> results(4);
  for (const std::size_t i : {0u, 3u}) results[i].version = 12'345;
  const Status whole = trial.store().write(batch, std::span(results).subspan(1, 2));
  for (const std::size_t i : {0u, 3u}) {
    trial.require(results[i].outcome == Outcome::kAsTheBatch && results[i].version == 12'345,
                  "write a batch of two, look beside its results", "nothing changed", printable(results[i]));
  }
  trial.require(whole.ok(), "write a batch of two", "ok", whole.to_string());
}

bool all_done(const std::vector<WriteResult>& results) {
  for (const WriteResult& one : results) {
    if (one.outcome != Outcome::kDone) return false;
  }
  return true;
}

void group(Trial& trial) {
  const std::string keys[] = {trial.key("a"), trial.key("b"), trial.key("c"), trial.key("d")};
  trial.must_write(trial.put(keys[3], "old"), "put");
  const std::uint64_t group = trial.new_group();
  Mutation batch[] = {trial.put(keys[0], "1"), trial.put(keys[1], "2", in(1h)), trial.put(keys[2], "3"),
                      trial.erase(keys[3])};
  for (Mutation& one : batch) one.group = group;
  const std::vector<WriteResult> results = trial.write(batch);
  for (const WriteResult& result : results) {
    trial.require(result.outcome == Outcome::kDone, "a group of three puts and an erase", "done", printable(result));
  }
  trial.must_have(keys[0], "1", "a group");
  trial.must_have(keys[1], "2", batch[1].expires_at, "a group");
  trial.must_have(keys[2], "3", "a group");
  trial.must_miss(keys[3], "a group that erases it");
}

// A member that many stores refuse: the longest key.
void group_with_a_refusal(Trial& trial) {
  const std::string first = trial.key("first"), last = trial.key("last"), alone = trial.key("alone");
  const std::string longest = trial.also(trial.key("") + noise(kKeyBytesMax - trial.key("").size(), 11));
  trial.must_write({trial.put(first, "old"), trial.put(last, "old")}, "put");
  const std::uint64_t group = trial.new_group();
  Mutation batch[] = {trial.put(first, "new"), trial.put(longest, "new"), trial.put(alone, "new"), trial.erase(last)};
  for (const std::size_t i : {0u, 1u, 3u}) batch[i].group = group;
  const std::vector<WriteResult> results = trial.write(batch);
  const std::string did = "a batch of one put alone and a group with a key of 65,535 bytes";
  const bool done = results[1].outcome == Outcome::kDone;
  for (const std::size_t i : {0u, 3u}) {
    trial.require((results[i].outcome == Outcome::kDone) == done, did + ", result " + std::to_string(i),
                  done ? "done, as the others of its group" : "not done, as another of its group was refused",
                  printable(results[i]));
  }
  trial.must_have(first, done ? "new" : "old", did);
  done ? trial.must_miss(last, did) : trial.must_have(last, "old", did);
  if (trial.require(results[2].outcome == Outcome::kDone, did + ", the put alone", "done", printable(results[2]))) {
    trial.must_have(alone, "new", did);
  }
}

void group_with_a_conflict(Trial& trial) {
  const std::string keys[] = {trial.key("a"), trial.key("b"), trial.key("c"), trial.key("d"), trial.key("e")};
  for (const std::string& key : keys) trial.must_write(trial.put(key, "old"), "put");
  const Lookup<StoredValue> known = trial.load(keys[0]);
  if (!known) return;
  const std::uint64_t failing = trial.new_group(), working = trial.new_group();
  // Of one group, the second expects no key where there is one; of the other all is well.
  Mutation batch[] = {trial.put(keys[0], "new", {}, known->version), trial.put(keys[1], "new", {}, 0),
                      trial.erase(keys[2]), trial.put(keys[3], "new"), trial.put(keys[4], "new")};
  for (const std::size_t i : {0u, 1u, 2u}) batch[i].group = failing;
  batch[3].group = working;
  batch[4].group = working;
  const std::vector<WriteResult> results = trial.write(batch);
  const std::string did = "a batch of two groups, of which one has a key of another version than expected";
  trial.must_conflict(results[1], did + ", its result");
  for (const std::size_t i : {0u, 2u}) {
    trial.require(results[i].outcome == Outcome::kRetry || results[i].outcome == Outcome::kNever,
                  did + ", the result of another key of its group", "never or retry", printable(results[i]));
  }
  for (const std::size_t i : {0u, 1u, 2u}) trial.must_have(keys[i], "old", did);
  const bool good = all_done({results.begin() + 3, results.end()});
  trial.require(good, did + ", the other group", "done", printable(results[3]));
  for (const std::size_t i : {3u, 4u}) trial.must_have(keys[i], good ? "new" : "old", did);
}

bool has_groups(Trial& trial) { return trial.store().capabilities().atomic_groups; }
bool has_groups_and_versions(Trial& trial) { return has_groups(trial) && trial.store().capabilities().versions; }

}  // namespace

std::span<const Check> batch_checks() {
  static constexpr Check kChecks[] = {
      {"batch_of_several", "a part of the batch is left out, or results[] is not in the order of batch[]",
       batch_of_several},
      {"batches_in_order", "a write is still on its way when `write` returns: wait for it, and commit",
       batches_in_order},
      {"results_in_bounds", "results[] is counted from 1, or written beyond its end", results_in_bounds},
      {"group", "what has a group is taken for something else than puts and erases", group},
      {"group_with_a_refusal",
       "a group is not a transaction of its own, so that it is written in part, or takes the rest of the batch along",
       group_with_a_refusal, has_groups},
      {"group_with_a_conflict",
       "a group is written up to its first conflict, or the key that has it is not the one answered with a conflict",
       group_with_a_conflict, has_groups_and_versions},
  };
  return kChecks;
}

}  // namespace larder::stores::conformance

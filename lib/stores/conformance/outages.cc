// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The store is closed and opened again, and its server goes and comes back.
#include <thread>

#include "larder/clock.h"
#include "stores/conformance/trial.h"

namespace larder::stores::conformance {
namespace {

using namespace std::chrono_literals;
using Outcome = WriteResult::Outcome;

struct Kept {
  std::string put, erased, changed;
  UnixTime end;                // of `put`
  Lookup<StoredValue> before;  // `changed`, in the store that wrote it
};

void must_be_there(Trial& trial, const Kept& keys, const std::string& did) {
  trial.must_have(keys.put, noise(5'000, 3), keys.end, "put, " + did);
  trial.must_miss(keys.erased, "put, erase, " + did);
  trial.must_have(keys.changed, "2", "put, " + did);
  const Lookup<StoredValue> after = trial.load(keys.changed);
  if (keys.before && after) {
    trial.require(keys.before->version == after->version, "put, " + did,
                  "version " + std::to_string(keys.before->version), printable(after));
  }
}

void opened_again(Trial& trial) {
  Kept keys{trial.key("kept"), trial.key("erased"), trial.key("changed"), in(1h + 7ms), {}};
  trial.must_write(
      {trial.put(keys.put, noise(5'000, 3), keys.end), trial.put(keys.erased, "x"), trial.put(keys.changed, "1")},
      "put");
  trial.must_write({trial.erase(keys.erased), trial.put(keys.changed, "2")}, "erase one and put another");
  keys.before = trial.load(keys.changed);
  // What the first object writes when it is destroyed would come too late. A store that only one may have open at a
  // time is not asked.
  if (trial.open_beside()) must_be_there(trial, keys, "open the store a second time, beside the first");
  const std::string did = "let go of the store, open it again";
  if (!trial.open()) return;
  must_be_there(trial, keys, did);
  const WriteResult put = trial.write_one(trial.put(keys.erased, "y"));
  trial.require(put.outcome == Outcome::kDone, did + ", put", "done", printable(put));
  if (keys.before && keys.before->version != 0) {
    trial.require(put.version != keys.before->version, did + ", put", "a version that was never there", printable(put));
  }
}

// A load that fails is no miss: a miss would be taken for the truth.
void outage(Trial& trial) {
  const std::string old = trial.key("old"), lost = trial.key("lost");
  trial.must_write(trial.put(old, "kept"), "put");
  trial.options().stop();
  for (int i = 0; i < 2; ++i) {
    const Lookup<StoredValue> found = trial.load(old);
    trial.require(!found.status().ok(), "load while the server is away", "an error", printable(found));
    const Lookup<StoredValue> none = trial.load(lost);
    trial.require(!none.status().ok(), "load of what is not there while the server is away", "an error",
                  printable(none));
    const std::string_view keys[] = {old, lost};
    Lookup<StoredValue> many[2];
    trial.store().load_many(keys, many);
    trial.require(!many[0].status().ok() && !many[1].status().ok(), "load_many while the server is away", "errors",
                  printable(many[0]) + ", " + printable(many[1]));
    const WriteResult put = trial.write_one(trial.put(lost, "x"));
    trial.require(put.outcome == Outcome::kRetry || put.outcome == Outcome::kUnknown, "put while the server is away",
                  "retry or unknown", printable(put));
  }
  trial.options().start();
  const auto give_up = Clock::system().monotonic() + trial.options().patience;
  WriteResult put = trial.write_one(trial.put(lost, "found"));
  while (put.outcome != Outcome::kDone && Clock::system().monotonic() < give_up) {
    std::this_thread::yield();
    put = trial.write_one(trial.put(lost, "found"));
  }
  const std::string did = "the server is back, put";
  if (!trial.require(put.outcome == Outcome::kDone, did, "done within `patience`", printable(put))) return;
  trial.must_have(lost, "found", did);
  if (trial.options().persists) trial.must_have(old, "kept", "the server went and came back");
}

bool may_be_opened_again(Trial& trial) { return trial.options().persists; }
bool may_be_stopped(Trial& trial) { return trial.options().stop && trial.options().start; }

}  // namespace

std::span<const Check> outage_checks() {
  static constexpr Check kChecks[] = {
      {"opened_again",
       "what is acknowledged is in memory only, not committed, or written when the store is destroyed; a store that "
       "means it sets `persists = false`",
       opened_again, may_be_opened_again},
      {"outage", "a failed connection is taken for a miss, or for done, or is never replaced", outage, may_be_stopped},
  };
  return kChecks;
}

}  // namespace larder::stores::conformance

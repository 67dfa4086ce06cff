// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Of stores that declare versions.
#include <algorithm>
#include <atomic>
#include <set>

#include "stores/conformance/trial.h"

namespace larder::stores::conformance {
namespace {

using namespace std::chrono_literals;
using Outcome = WriteResult::Outcome;

// Each state has one of its own, whatever was between.
void versions_are_new(Trial& trial) {
  const std::string key = trial.key("value");
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 20; ++i) {
    const std::string did = i % 3 == 2 ? "put, erase, put" : "put over put";
    if (i % 3 == 2) trial.must_write(trial.erase(key), "erase");
    const WriteResult result = trial.write_one(trial.put(key, "the same bytes"));
    const Lookup<StoredValue> found = trial.load(key);
    if (!trial.require(result.outcome == Outcome::kDone && found, did, "done, and a value",
                       printable(result) + ", " + printable(found))) {
      return;
    }
    const std::string version = std::to_string(found->version);
    trial.require(found->version != 0, did + ", then load", "a version", "none");
    trial.require(result.version == found->version, did + ", the version in the result", "that of load, " + version,
                  std::to_string(result.version));
    trial.require(seen.insert(found->version).second, did, "a version that was never there", version + " again");
  }
}

void expected_versions(Trial& trial) {
  const std::string key = trial.key("value");
  const WriteResult first = trial.write_one(trial.put(key, "first", {}, 0));
  trial.require(first.outcome == Outcome::kDone, "put where none is expected and none is", "done", printable(first));
  trial.must_conflict(trial.write_one(trial.put(key, "x", {}, 0)), "put where none is expected and one is");
  trial.must_conflict(trial.write_one(trial.erase(key, 0)), "erase where none is expected and one is");
  trial.must_have(key, "first", "two conflicts");
  const WriteResult second = trial.write_one(trial.put(key, "second", {}, first.version));
  trial.require(second.outcome == Outcome::kDone, "put over the version expected", "done", printable(second));
  trial.must_conflict(trial.write_one(trial.put(key, "x", {}, first.version)), "put over an earlier version");
  trial.must_conflict(trial.write_one(trial.put(key, "x", in(1h), second.version + 1'000'000)),
                      "put over a version that never was");
  trial.must_conflict(trial.write_one(trial.erase(key, first.version)), "erase an earlier version");
  trial.must_have(key, "second", "three conflicts");
  const WriteResult erased = trial.write_one(trial.erase(key, second.version));
  trial.require(erased.outcome == Outcome::kDone, "erase the version expected", "done", printable(erased));
  trial.must_miss(key, "erase the version expected");
  trial.must_conflict(trial.write_one(trial.put(key, "x", {}, second.version)), "put over what is erased");
  const WriteResult nothing = trial.write_one(trial.erase(key, 0));
  trial.require(nothing.outcome == Outcome::kDone, "erase where none is expected and none is", "done",
                printable(nothing));
  trial.must_miss(key, "a conflict, and an erase of nothing");
}

// Not to be mistaken for the state before an erase.
void versions_after_erase(Trial& trial) {
  const std::string key = trial.key("value");
  const WriteResult old = trial.write_one(trial.put(key, "old"));
  trial.must_write(trial.erase(key), "erase");
  trial.must_write(trial.put(key, "new"), "put");
  trial.must_conflict(trial.write_one(trial.put(key, "x", {}, old.version)),
                      "put, erase, put, put over the first version");
  trial.must_have(key, "new", "a conflict");
}

// As good as not there, whether or not the store has removed it.
void expected_versions_of_the_ended(Trial& trial) {
  const std::string key = trial.key("value");
  const auto must_be_done = [&](const Mutation& one, const std::string& did) {
    trial.must_write(trial.put(key, "ended", in(-1h)), "put a value that has ended an hour ago");
    trial.must_write(one, did + " what has ended");
  };
  must_be_done(trial.put(key, "new", {}, 0), "put where none is expected over");
  trial.must_have(key, "new", "put where none is expected over what has ended");
  for (const std::uint64_t version : {0u, 1'000'000'000u}) {
    const std::string did = "expecting version " + std::to_string(version) + ", erase";
    must_be_done(trial.erase(key, version), did);
    const Lookup<StoredValue> found = trial.load(key);
    trial.require(found.missing() || is(found, "ended", found->expires_at), did + " what has ended", "a miss, or that",
                  printable(found));
  }
}

std::string in_turn(std::size_t turn) { return turn == 0 ? "" : ", sent again"; }

// The answer was lost, and the cache sends it once more.
void put_sent_again(Trial& trial) {
  const std::string key = trial.key("value");
  std::uint64_t version = 0;
  for (const std::string_view bytes : {"first", "second"}) {
    const Mutation put = trial.put(key, bytes, {}, version);
    for (std::size_t turn = 0; turn < 3; ++turn) {
      const std::string did = "put over version " + std::to_string(*put.expected_version) + in_turn(turn);
      const WriteResult result = trial.write_one(put);
      if (!trial.require(result.outcome == Outcome::kDone, did, "done", printable(result))) return;
      if (turn == 0) version = result.version;
      trial.require(result.version == version, did, "version " + std::to_string(version),
                    "version " + std::to_string(result.version));
      trial.must_have(key, bytes, did);
      const Lookup<StoredValue> found = trial.load(key);
      trial.require(found && found->version == version, did + ", then load", "version " + std::to_string(version),
                    printable(found));
    }
  }
}

void erase_sent_again(Trial& trial) {
  const std::string key = trial.key("value");
  const WriteResult put = trial.write_one(trial.put(key, "here"));
  const Mutation erase = trial.erase(key, put.version);
  for (std::size_t turn = 0; turn < 2; ++turn) {
    const std::string did = "erase the version expected" + in_turn(turn);
    if (trial.must_write(erase, did)) trial.must_miss(key, did);
  }
  trial.must_write(trial.erase(key, put.version), "erase what another has erased");
}

// All of it, and then again all of it: a new key, one that is there, and one that is erased.
void group_sent_again(Trial& trial) {
  const std::string keys[] = {trial.key("a"), trial.key("b"), trial.key("c")};
  const std::vector<WriteResult> before = trial.write({trial.put(keys[1], "old"), trial.put(keys[2], "old")});
  Mutation batch[] = {trial.put(keys[0], "new", {}, 0), trial.put(keys[1], "new", {}, before[0].version),
                      trial.erase(keys[2], before[1].version)};
  const std::uint64_t group = trial.new_group();
  for (Mutation& one : batch) one.group = group;
  std::vector<WriteResult> first;
  for (std::size_t turn = 0; turn < 2; ++turn) {
    const std::string did = "a group of two puts and an erase that expect versions" + in_turn(turn);
    const std::vector<WriteResult> results = trial.write(batch);
    if (turn == 0) first = results;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const std::string which = did + ", result " + std::to_string(i);
      trial.require(results[i].outcome == Outcome::kDone, which, "done", printable(results[i]));
      trial.require(!batch[i].is_put() || results[i].version == first[i].version, which,
                    "version " + std::to_string(first[i].version), "version " + std::to_string(results[i].version));
    }
    for (const std::size_t i : {0u, 1u}) trial.must_have(keys[i], "new", did);
    trial.must_miss(keys[2], did);
  }
}

// What somebody else has made of the key meanwhile stays.
void sent_again_too_late(Trial& trial) {
  const std::string key = trial.key("value"), other = trial.key("other");
  const WriteResult first = trial.write_one(trial.put(key, "first"));
  const Mutation put = trial.put(key, "put", {}, first.version);
  trial.must_write(put, "put over the version expected");
  const WriteResult theirs = trial.write_one(trial.put(key, "theirs"));
  trial.must_conflict(trial.write_one(put), "put, put by another, the first one sent again");
  trial.must_have(key, "theirs", "put, put by another, the first one sent again");
  const Mutation erase = trial.erase(key, theirs.version);
  trial.must_write(erase, "erase the version expected");
  trial.must_conflict(trial.write_one(put), "put, erase by another, the put sent again");
  trial.must_write(trial.put(key, "theirs"), "put");
  trial.must_conflict(trial.write_one(erase), "erase, put by another, the erase sent again");
  trial.must_have(key, "theirs", "erase, put by another, the erase sent again");
  const Lookup<StoredValue> known = trial.load(key);
  if (!known) return;
  Mutation group[] = {trial.put(key, "mine", {}, known->version), trial.put(other, "mine", {}, 0)};
  group[0].group = group[1].group = trial.new_group();
  for (const WriteResult& one : trial.write(group)) {
    trial.require(one.outcome == Outcome::kDone, "a group of two puts", "done", printable(one));
  }
  trial.must_write(trial.put(other, "theirs"), "put");
  trial.must_conflict(trial.write(group)[1], "a group, put of its second key by another, the group sent again");
  trial.must_have(key, "mine", "a group, put of its second key by another, the group sent again");
  trial.must_have(other, "theirs", "a group, put of its second key by another, the group sent again");
}

void conflict_in_its_place(Trial& trial) {
  const std::string keys[] = {trial.key("a"), trial.key("b"), trial.key("c")};
  trial.must_write({trial.put(keys[0], "old"), trial.put(keys[1], "old"), trial.put(keys[2], "old")}, "put");
  const std::string did = "a batch of three, of which the second expects another version";
  const std::vector<WriteResult> results =
      trial.write({trial.put(keys[0], "new"), trial.put(keys[1], "new", {}, 0), trial.erase(keys[2])});
  for (const std::size_t i : {0u, 2u}) {
    trial.require(results[i].outcome == Outcome::kDone, did + ", result " + std::to_string(i), "done",
                  printable(results[i]));
  }
  trial.must_conflict(results[1], did + ", result 1");
  trial.must_have(keys[0], "new", did);
  trial.must_have(keys[1], "old", did);
  trial.must_miss(keys[2], did);
}

void load_if_changed(Trial& trial) {
  const std::string key = trial.key("value");
  trial.require(trial.store().load_if_changed(key, 1).missing(), "load_if_changed of what is not there", "a miss",
                "something");
  const UnixTime end = in(1h);
  trial.must_write(trial.put(key, "first", end), "put");
  const Lookup<StoredValue> first = trial.load(key);
  if (!first) return;
  const Lookup<StoredValue> same = trial.store().load_if_changed(key, first->version);
  trial.require(same && same->version == first->version && same->expires_at == end,
                "load_if_changed of the version that it has", "that version and end, with or without bytes",
                printable(same));
  trial.must_write(trial.put(key, "second"), "put");
  const Lookup<StoredValue> second = trial.store().load_if_changed(key, first->version);
  trial.require(is(second, "second", {}) && second->version != first->version, "put, then load_if_changed",
                "\"second\" with another version", printable(second));
}

// Of threads that have read the same version, one may write.
void one_of_many_wins(Trial& trial) {
  constexpr std::size_t kThreads = 8;
  constexpr int kRounds = 10;
  const std::string key = trial.key("value");
  std::uint64_t version = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<WriteResult> results(kThreads);
    const auto thrown = in_threads(kThreads, [&](std::size_t thread) {
      results[thread] = trial.write_one(trial.put(key, std::to_string(thread), {}, version));
    });
    for (const std::string& what : thrown) trial.note_thrown("puts in several threads", what);
    const std::string did = "8 threads put over the same version";
    std::ptrdiff_t done = 0;
    for (const WriteResult& result : results) {
      const bool won = result.outcome == Outcome::kDone;
      done += won;
      if (won) version = result.version;
      if (!won && result.outcome != Outcome::kRetry) trial.must_conflict(result, did);
    }
    if (!trial.require(done == 1, did, "one that is done", std::to_string(done))) return;
  }
}

bool has_versions(Trial& trial) { return trial.store().capabilities().versions; }

}  // namespace

std::span<const Check> version_checks() {
  static constexpr Check kChecks[] = {
      {"versions_are_new",
       "versions are counted for each row, or result and row differ: take them from one sequence, which never goes "
       "back",
       versions_are_new, has_versions},
      {"expected_versions",
       "expected_version is not looked at, 0 does not mean \"none\", or the answer is not WriteResult::conflict",
       expected_versions, has_versions},
      {"expected_versions_of_the_ended", "a row that has ended counts as there: it is as good as none",
       expected_versions_of_the_ended, has_versions},
      {"versions_after_erase", "versions begin anew with a new row: take them from one sequence, which never goes back",
       versions_after_erase, has_versions},
      {"put_sent_again",
       "a write is not known again: keep its sequence in the row, and answer done, with the version of the row that "
       "has it",
       put_sent_again, has_versions},
      {"erase_sent_again", "an erase of what is not there any more is answered with a conflict: it is done",
       erase_sent_again, has_versions},
      {"group_sent_again", "in a group, a write is not known again by the sequence in its row, as it is alone",
       group_sent_again, has_versions},
      {"sent_again_too_late", "sequences are remembered apart from the rows: what others write must make an end of it",
       sent_again_too_late, has_versions},
      {"conflict_in_its_place", "one conflict fails the whole batch, or results[] is not in the order of batch[]",
       conflict_in_its_place, has_versions},
      {"load_if_changed", "it gives the version it was asked about, and not that of the row", load_if_changed,
       has_versions},
      {"one_of_many_wins", "the version is looked at, and then written: do it in one statement, or under a lock",
       one_of_many_wins, has_versions},
  };
  return kChecks;
}

}  // namespace larder::stores::conformance

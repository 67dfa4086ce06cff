// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Runs one sequence of commands on a subject and on the naive model and says where they part: in an answer, in what the
// removal listener heard, in the state, in the memory used.
//
// A subject short of memory may evict: it must say so, and then the model drops the key, too. It may refuse a write;
// then nothing may have changed. It may never be above its bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/shrink.h"
#include "model/subject.h"

namespace larder::model {

// How often what a subject may do was done: a comparison in which nothing was evicted has not compared evictions.
struct Tally {
  std::uint64_t commands = 0;
  std::uint64_t evictions = 0;
  std::uint64_t refusals = 0;
  std::uint64_t false_conflicts = 0;
  std::uint64_t compared_and_set = 0;
  std::uint64_t expirations = 0;
};

class Comparison {
 public:
  Comparison(const RunSetup& setup, Subject& subject, Tally& tally);

  // What is wrong after this command; empty if nothing is.
  std::string step(const Command& command);
  // The same, after looking at everything.
  std::string check_state();
  std::string finish();

 private:
  struct Scan {
    bool open = false;
    std::uint64_t cursor = 0;
    std::set<std::string> due = {};  // there from the first step until now
    std::set<std::string> seen = {};
  };

  bool short_of_memory() const { return setup_.max_memory != 0 || setup_.max_entries != 0; }
  bool may_refuse(const Command& command, const Answer& answer) const;
  std::string scan_step(const Command& command);
  std::string random_key(const Command& command);
  std::string compare(const Command& command, const Answer& answer);
  std::string compare_in_order(const Command& command, const Answer& answer, std::vector<Removal> removals,
                               bool own_keys_first);
  std::string compare_answers(const Command& command, const Answer& answer);
  std::string compare_versioned(const Command& command, const Answer& answer);
  std::string compare_removals(const Command& command, const std::vector<Removal>& removals);
  std::string evict(std::vector<Removal>& removals, const Command& command, bool own_keys);
  std::string check_usage(const Command& command, const Answer& answer);
  bool must_find_room(const Command& command) const;
  void follow_limits(const Command& command);

  RunSetup setup_;
  Subject& subject_;
  Tally& tally_;
  NaiveModel model_;
  std::map<std::int64_t, Scan> scans_;
  std::map<std::int64_t, std::size_t> held_;
  std::uint64_t bytes_allowed_;  // max_memory, or what was used when it was lowered below that
};

std::optional<Failure> compare(const RunSetup& setup, const SubjectFactory& make, const std::vector<Command>& commands,
                               Tally& tally);

// Compares, and if they part: the failure with a short sequence that shows it. Empty otherwise.
std::string compare_and_explain(const RunSetup& setup, const SubjectFactory& make, const std::vector<Command>& commands,
                                Tally& tally);

}  // namespace larder::model

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Many random sequences, each on a cache of its own.
#pragma once

#include <string>

#include "model/command_generator.h"
#include "model/comparison.h"
#include "model/larder_subject.h"
#include "support/depth.h"

namespace larder::model {

// The first failure, with how to repeat it; empty if there is none.
inline std::string compare_random_runs(const RunSetup& from, const Profile& profile, std::uint64_t sequences,
                                       std::size_t commands_each, Tally& tally,
                                       const SubjectFactory& make = make_larder) {
  const std::uint64_t first = support::seed(1);
  if (support::seed_is_given()) sequences = 1;
  for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
    RunSetup setup = from;
    setup.seed = seed;
    RandomChoices choices(seed);
    const auto commands = CommandGenerator(choices, profile).sequence(commands_each);
    const std::string failure = compare_and_explain(setup, make, commands, tally);
    if (!failure.empty()) return failure + support::how_to_repeat(seed);
  }
  return "";
}

}  // namespace larder::model

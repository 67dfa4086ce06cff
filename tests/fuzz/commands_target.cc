// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as commands.
#include "fuzz/commands_target.h"

#include <iterator>

#include "model/command_generator.h"
#include "model/comparison.h"
#include "model/larder_subject.h"

namespace larder::fuzz {
namespace {

constexpr std::size_t kCommandsMax = 2'000;

// What the first bytes decide.
model::RunSetup decode_setup(model::Choices& choices, model::Profile& profile) {
  constexpr const char* kPolicies[] = {"s3-fifo", "lru",     "lfu",         "random",  "sieve",     "fifo",
                                       "none",    "lru-ttl", "s3-fifo-ttl", "lfu-ttl", "random-ttl"};
  constexpr std::uint64_t kMemories[] = {0, 64 << 10, 200 << 10, 1 << 20};
  constexpr std::uint64_t kEntries[] = {0, 0, 1, 20};
  model::RunSetup setup;
  setup.policy = kPolicies[choices.below(std::size(kPolicies))];
  setup.max_memory = kMemories[choices.below(std::size(kMemories))];
  setup.max_entries = kEntries[choices.below(std::size(kEntries))];
  const bool small = (setup.max_memory != 0 && setup.max_memory < (256 << 10)) || setup.max_entries == 1;
  setup.shards = small ? 1 : std::uint32_t{1} << choices.below(3);
  setup.idle = Milliseconds(choices.one_in(8) ? 100 : 0);
  profile.idle = setup.idle.count() != 0;
  profile.keys = choices.one_in(2) ? 6 : 60;
  profile.big_values = choices.one_in(2);
  profile.limits_change = setup.max_memory != 0 && choices.one_in(2);
  return setup;
}

}  // namespace

std::string run_commands(std::span<const std::uint8_t> bytes) {
  model::ByteChoices choices(bytes);
  model::Profile profile;
  const model::RunSetup setup = decode_setup(choices, profile);
  model::CommandGenerator generator(choices, profile);
  std::vector<model::Command> commands;
  while (!choices.used_up() && commands.size() < kCommandsMax) commands.push_back(generator.next());
  model::Tally tally;
  return compare_and_explain(setup, model::make_larder, commands, tally);
}

}  // namespace larder::fuzz

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The fuzz targets as unit tests.
#include <gtest/gtest.h>

#include "fuzz/collections_target.h"
#include "fuzz/commands_target.h"
#include "fuzz/policies_target.h"
#include "fuzz/run_all.h"
#include "fuzz/stored_form_target.h"
#include "fuzz/wheel_target.h"

namespace larder::fuzz {
namespace {

TEST(Fuzz, Commands) {
  run_all([](const Bytes& bytes) { return run_commands(bytes); }, support::count(300, 50'000), 4'000);
}

TEST(Fuzz, Collections) {
  run_all([](const Bytes& bytes) { return run_collections(bytes); }, support::count(400, 50'000), 2'000);
}

TEST(Fuzz, Policies) {
  run_all([](const Bytes& bytes) { return run_policy(bytes); }, support::count(500, 50'000), 4'000);
}

TEST(Fuzz, CachesWhosePolicyChanges) {
  run_all([](const Bytes& bytes) { return run_cache_of_policies(bytes); }, support::count(120, 20'000), 2'000);
}

// Random bytes are mostly malformed at once: these begin well, and are of few items and short ones.
TEST(Fuzz, StoredForms) {
  run_all([](const Bytes& bytes) { return run_stored_form(bytes); }, support::count(2'000, 200'000), 300);
  run_all(
      [](Bytes bytes) {
        if (bytes.size() > 1) bytes[1] = 1;
        for (std::size_t i = 2; i < bytes.size(); ++i) bytes[i] %= 5;
        return run_stored_form(bytes);
      },
      support::count(5'000, 500'000), 60);
}

TEST(Fuzz, WheelWhoseIdsAreUnique) {
  run_all([](const Bytes& bytes) { return run_wheel(bytes, {.shared_ids = false}); }, support::count(1'000, 100'000),
          2'000);
}

TEST(Fuzz, WheelWhoseIdsAreShared) {
  run_all([](const Bytes& bytes) { return run_wheel(bytes); }, support::count(1'000, 100'000), 2'000);
}

}  // namespace
}  // namespace larder::fuzz

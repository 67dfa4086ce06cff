// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The fuzz targets as unit tests.
#include <gtest/gtest.h>

#include "fuzz/collections_target.h"
#include "fuzz/commands_target.h"
#include "fuzz/run_all.h"
#include "fuzz/wheel_target.h"

namespace larder::fuzz {
namespace {

TEST(Fuzz, Commands) {
  run_all([](const Bytes& bytes) { return run_commands(bytes); }, support::count(300, 50'000), 4'000);
}

TEST(Fuzz, Collections) {
  run_all([](const Bytes& bytes) { return run_collections(bytes); }, support::count(400, 50'000), 2'000);
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

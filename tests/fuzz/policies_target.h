// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as the life of an eviction policy, any of those that have a name, with parameters: alone on a shard that is
// made up, or in a cache whose bound and whose policy change. The same functions are a fuzz target (fuzz_policies) and
// unit tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace larder::fuzz {

// What is wrong, and what led to it; empty if nothing is.
std::string run_policy(std::span<const std::uint8_t> bytes);
std::string run_cache_of_policies(std::span<const std::uint8_t> bytes);
// One of the two, by the first byte.
std::string run_policies(std::span<const std::uint8_t> bytes);

}  // namespace larder::fuzz

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as a life of collections: edited, in several versions, short of memory at times; against plain containers. The
// same function is a fuzz target (fuzz_collections) and a unit test.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace larder::fuzz {

// What is wrong, and what led to it; empty if nothing is.
std::string run_collections(std::span<const std::uint8_t> bytes);

}  // namespace larder::fuzz

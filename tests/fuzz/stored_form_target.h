// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as what a store has of a collection: they are one, which has bytes of its own that are read as the same; or
// they are malformed. The same function is a fuzz target (fuzz_stored_form) and a unit test.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace larder::fuzz {

// The first byte chooses the type, the others are the bytes. What is wrong; empty if nothing is.
std::string run_stored_form(std::span<const std::uint8_t> bytes);

}  // namespace larder::fuzz

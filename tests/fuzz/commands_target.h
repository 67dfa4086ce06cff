// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as a set-up and a sequence of commands, run on Larder and on the naive model. The same function is a fuzz
// target (fuzz_commands) and a unit test.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace larder::fuzz {

// What is wrong; empty if the two agree.
std::string run_commands(std::span<const std::uint8_t> bytes);

}  // namespace larder::fuzz

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as a trace: the first two say how it is to be read, the others are the file. The same function is a fuzz target
// (fuzz_traces) and a unit test.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace larder::fuzz {

// What is wrong; empty if there is a trace that hangs together, or a message.
std::string run_trace(std::span<const std::uint8_t> bytes);

}  // namespace larder::fuzz

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as a life of timers: armed, moved, forgotten, fired, with ids that several share; run on the timing wheel and
// on a list of deadlines. The same function is a fuzz target (fuzz_wheel) and a unit test.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace larder::fuzz {

struct WheelOptions {
  bool shared_ids = true;  // several entries may have one id
};

// What is wrong, and what led to it; empty if the wheel does what it promises.
std::string run_wheel(std::span<const std::uint8_t> bytes, const WheelOptions& options = {});

}  // namespace larder::fuzz

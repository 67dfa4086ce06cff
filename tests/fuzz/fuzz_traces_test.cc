// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The target for traces as a unit test.
#include "fuzz/run_all.h"
#include "fuzz/traces_target.h"

namespace larder::fuzz {
namespace {

// Random bytes are mostly refused at once: in some, most are digits and what stands between fields and lines.
TEST(Fuzz, Traces) {
  run_all([](const Bytes& bytes) { return run_trace(bytes); }, support::count(2'000, 200'000), 400);
  run_all(
      [](Bytes bytes) {
        for (std::size_t i = 2; i < bytes.size(); ++i)
          bytes[i] = static_cast<std::uint8_t>("0127 ,\n\nget.\"-"[bytes[i] % 14]);
        return run_trace(bytes);
      },
      support::count(5'000, 500'000), 200);
}

}  // namespace
}  // namespace larder::fuzz

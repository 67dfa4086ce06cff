// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How an old value may stand in for a new one. All off by default: who wants yesterday's value has to say so.
#pragma once

#include "larder/clock.h"

namespace larder {

struct Staleness {
  // So long before its time a value that is asked for is loaded again; it is served meanwhile, and nobody waits. Longer
  // than a load takes, and a small part of the time it lives. Keys that nobody asks for are not refreshed. Who loads:
  // LoadOptions::staleness, StoreOptions::staleness.
  Milliseconds refresh_ahead{0};
  // So long after its time a value may still be served: to those who would wait for another's load longer than
  // soft_wait, and to all if the load fails. Without it there is no soft_wait.
  Milliseconds stale_for{0};
  Milliseconds soft_wait{0};
  // After a load that failed, and a stale value that was served instead: no other load of the key for so long.
  Milliseconds retry_after{1'000};

  bool operator==(const Staleness&) const = default;
};

}  // namespace larder

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "loading/staleness.h"

namespace larder::loading {

const char* wrong_in_times(const Staleness& staleness, Milliseconds lives) noexcept {
  const auto out_of_range = [](Milliseconds time) { return time.count() < 0 || time > kTimeMax; };
  if (out_of_range(staleness.refresh_ahead)) return "refresh_ahead is negative or beyond 2,000 years";
  if (out_of_range(staleness.stale_for)) return "stale_for is negative or beyond 2,000 years";
  if (out_of_range(staleness.soft_wait)) return "soft_wait is negative or beyond 2,000 years";
  if (out_of_range(staleness.retry_after)) return "retry_after is negative or beyond 2,000 years";
  if (lives.count() > 0 && staleness.refresh_ahead >= lives)
    return "refresh_ahead is not shorter than the value lives: every read would load it again";
  if (staleness.soft_wait.count() > 0 && staleness.stale_for.count() == 0)
    return "soft_wait is set, and stale_for is not: there would be nothing to serve";
  return nullptr;
}

}  // namespace larder::loading

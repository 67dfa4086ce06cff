// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the project has promised of its figures, and whether these keep it. Ratios and sizes alone: no absolute time is
// promised.
#pragma once

#include "bench/side_by_side/results.h"

namespace larder::bench {

// Fills in `verdicts`, wherever a promise is made for that figure and the peers it speaks of have run.
void judge(Results& results);

}  // namespace larder::bench

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Miss-ratio curves as SVG: a panel for each trace, and one of bytes if it has sizes; a curve for each policy.
#pragma once

#include <string>
#include <vector>

#include "simulator/program/sim_report.h"

namespace larder::simulator {

// Why one of the traces cannot be drawn; empty: all can.
std::string not_drawable(const TraceReport& report);

// REQUIRES: all of them can be drawn.
std::string plot_of(const std::vector<TraceReport>& reports);

}  // namespace larder::simulator

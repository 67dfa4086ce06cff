// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a figure was taken on and with: a figure without it says nothing.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace larder::bench {

// Names and texts, in the order of reports: machine, cores, memory, huge pages, system, compiler, flags, commit,
// allocator, date.
std::vector<std::pair<std::string, std::string>> circumstances();

}  // namespace larder::bench

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sizes as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace larder::base {

// Three digits where it is no whole number of its unit: "512 B", "64 MiB", "1.50 GiB", "12.5 KiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace larder::base

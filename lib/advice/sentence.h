// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a person would say to advice.
#pragma once

#include <cstdint>
#include <string>

#include "larder/stats.h"

namespace larder::advice {

std::string not_known_yet(std::uint64_t samples, std::uint64_t needed);
// Of what is known. `bound`: of bytes, or of entries.
enum class BoundOf { kBytes, kEntries };
std::string sentence_of(const SizeAdvice& advice, std::uint64_t bound, BoundOf of);
std::string sentence_of(const PolicyAdvice& advice);

}  // namespace larder::advice

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Figures as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace demo {

std::string count_text(std::uint64_t count);                   // "1,234,567"
std::string bytes_text(std::uint64_t bytes);                   // "9.77 MiB": three digits
std::string duration_text(std::chrono::nanoseconds duration);  // "8.12 us": three digits
std::string decimal_text(double number, int digits);           // "0.50"
std::string percent_text(double share);                        // "65.3 %" of 0.653
std::string rate_text(double per_second);                      // "221,000/s"

// 0 where there is nothing to divide by.
inline double share_of(double part, double whole) { return whole == 0 ? 0 : part / whole; }
inline double share_of(std::uint64_t part, std::uint64_t whole) {
  return share_of(static_cast<double>(part), static_cast<double>(whole));
}

}  // namespace demo

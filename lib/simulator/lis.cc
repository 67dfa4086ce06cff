// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The traces of the ARC paper (N. Megiddo, D. Modha, FAST 2003): lines "start count ignored number", four whole
// numbers, for requests of `count` blocks one after the other, of which `start` is the first.
#include <array>
#include <charconv>
#include <system_error>

#include "simulator/trace_formats.h"

namespace larder::simulator {
namespace {

constexpr std::uint64_t kBlocksMax = 1 << 20;  // of one line

// Whether the line is four whole numbers.
bool read_line(std::string_view line, std::array<std::uint64_t, 4>& numbers) {
  constexpr std::string_view kSpaces = " \t";
  std::size_t at = line.find_first_not_of(kSpaces);
  for (std::uint64_t& number : numbers) {
    if (at == std::string_view::npos) return false;
    const std::size_t end = std::min(line.find_first_of(kSpaces, at), line.size());
    const auto [read_to, error] = std::from_chars(line.data() + at, line.data() + end, number);
    if (error != std::errc() || read_to != line.data() + end) return false;
    at = line.find_first_not_of(kSpaces, end);
  }
  return at == std::string_view::npos;
}

}  // namespace

bool looks_like_lis(std::string_view line) {
  std::array<std::uint64_t, 4> numbers{};
  return read_line(line, numbers);
}

std::string parse_lis(TraceSource& source, const TraceOptions& options, Trace& trace) {
  TraceLines lines(source, options.line_bytes_max);
  NumberedKeys keys;
  while (const auto line = lines.next()) {
    if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
    std::array<std::uint64_t, 4> numbers{};
    if (!read_line(*line, numbers)) {
      return lines.where() +
             " is not four whole numbers \"start count ignored number\", as the first is: " + shown(*line);
    }
    const auto [start, count, ignored, number] = numbers;
    if (count > kBlocksMax) return lines.where() + " asks for more than " + std::to_string(kBlocksMax) + " blocks";
    if (count > UINT64_MAX - start) return lines.where() + " asks for blocks beyond 2^64";
    if (count > options.requests_max - trace.ids.size()) return too_many_requests(options);
    for (std::uint64_t i = 0; i < count; ++i) trace.ids.push_back(keys.number_of(start + i));
  }
  trace.objects = keys.size();
  return lines.error();
}

}  // namespace larder::simulator

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Reads a trace of cache requests from a file: the columnar format of the public traces (NAME.ltrc.gz) and plain text
// with one key a line, either of them packed with gzip or not. What a file is, is told from its content, never from its
// name.
//
// The columnar format, little-endian:
//
//     bytes  field
//     4      magic "LTRC"
//     4      u32 version = 1
//     4      u32 flags: bit 0 = sizes present, bit 1 = times present
//     4      u32 reserved = 0
//     8      u64 n, number of requests
//     8      u64 u, number of distinct objects
//     4n     u32 id per request; dense, 0..u-1, numbered in order of first appearance
//     4n     u32 object size in bytes per request (only with flag bit 0)
//     4n     u32 time per request (only with flag bit 1)
//
// A file is not to be trusted. The counts in the header size nothing: memory grows with the bytes received, at most
// twice as large as they are (text: by each distinct key and some 100 bytes for it), and TraceLimits ends what goes on
// for ever.
//
// Thread safety: plain functions on plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::bench {

struct Trace {
  enum class Format : std::uint8_t { kColumns, kText };
  Format format = Format::kText;
  bool packed = false;               // it was packed with gzip
  std::uint32_t objects = 0;         // distinct ones: ids are 0 to objects - 1, numbered in order of first appearance
  std::vector<std::uint32_t> ids;    // one per request
  std::vector<std::uint32_t> sizes;  // one per request, in bytes; or empty
  std::vector<std::uint32_t> times;  // one per request, in no certain unit; or empty
};

struct TraceLimits {
  // Raising one costs memory on a file that lies about itself; lowering it refuses long traces.
  std::uint64_t requests_max = 200'000'000;          // at most 2^32 - 1; 4 bytes each, 12 with sizes and times
  std::uint64_t bytes_max = std::uint64_t{4} << 30;  // after unpacking
  std::uint64_t line_bytes_max = 65'535;             // of one key in a text
};

// A trace, or what is wrong with the file in one line.
struct TraceResult {
  std::optional<Trace> trace;
  std::string error;
  explicit operator bool() const noexcept { return trace.has_value(); }
};

// O(bytes of the file). A trace without a single request is an error.
TraceResult read_trace(const std::string& path, const TraceLimits& limits = {});

// The same for bytes in memory. `name` is what errors begin with.
TraceResult parse_trace(std::string_view bytes, std::string_view name = "trace", const TraceLimits& limits = {});

}  // namespace larder::bench

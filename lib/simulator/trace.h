// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Reads a trace of cache requests from a file or standard input, packed with gzip, zstd or not at all. What a file is,
// is told from its content:
//
//     ltrc            the magic "LTRC": columns, see ltrc.cc
//     csv             a first line with a name for a column of keys, or with a comma, semicolon or tab: csv.cc
//     lis             a first line of four whole numbers (ARC's traces): lis.cc
//     keys            any other text: one key a line
//     oracle-general  records without any mark, so only by name (NAME.oracleGeneral, with .bin, .gz or .zst behind it)
//                     or where TraceOptions says so: oracle_general.cc
//
// A file is not to be trusted. No count in it sizes anything: memory grows with what was received, at most eight times
// as large as that (by each distinct key and some 40 bytes for it, and by each block that a line of a .lis asks for),
// and TraceOptions ends what goes on for ever.
//
// Thread safety: plain functions on plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/function_ref.h"

namespace larder::simulator {

struct Trace {
  enum class Format : std::uint8_t { kLtrc, kKeys, kCsv, kLis, kOracleGeneral };
  enum class Packing : std::uint8_t { kNone, kGzip, kZstd };
  enum class Op : std::uint8_t { kGet, kSet, kDelete };
  struct Moment {
    std::uint64_t now_ms = 0;
    std::uint64_t ttl_ms = 0;  // of what this request stores; 0: it does not expire
  };

  Format format = Format::kKeys;
  Packing packing = Packing::kNone;
  std::uint32_t objects = 0;         // distinct ones: ids are 0 to objects - 1, numbered in order of first appearance
  std::vector<std::uint32_t> ids;    // one per request
  std::vector<std::uint32_t> sizes;  // one per request, in bytes; or empty
  std::vector<Op> ops;               // one per request; or empty: all of them are gets
  std::vector<Moment> moments;       // one per request; or empty: nothing expires
};

// "ltrc", "keys", "csv", "lis", "oracle-general".
std::string_view name_of(Trace::Format format) noexcept;
std::optional<Trace::Format> format_named(std::string_view name) noexcept;
// "csv, zstd": format and packing.
std::string description_of(const Trace& trace);

struct TraceOptions {
  // Raising one costs memory on a file that lies about itself; lowering it refuses long traces.
  std::uint64_t requests_max = 200'000'000;          // at most 2^32 - 1; 4 bytes each, up to 25 with all columns
  std::uint64_t bytes_max = std::uint64_t{4} << 30;  // after unpacking
  std::uint64_t line_bytes_max = 65'535;             // of one line in a text
  std::optional<Trace::Format> format = {};          // none: told from the content, or the name
  // Of a CSV: "key=2,size=bytes,ttl=0", by number from 1 or by name; 0: there is none. Others by the first line.
  std::string columns = {};
};

// A trace, or what is wrong with the file in one line.
struct TraceResult {
  std::optional<Trace> trace;
  std::string error;
  explicit operator bool() const noexcept { return trace.has_value(); }
};

// The share of the work that is done. Called by the calling thread only, as often as it likes.
using OnProgress = FunctionRef<void(double)>;

// O(bytes of the file). A trace without a single request is an error. "-" is standard input. Progress is that in the
// bytes of the file, told with each 64 KiB of them; nothing is told where their number is not known.
TraceResult read_trace(
    const std::string& path, const TraceOptions& options = {}, OnProgress on_progress = [](double) {});

// The same for bytes in memory. `name` is what errors begin with, and may tell the format as that of a file may.
TraceResult parse_trace(std::string_view bytes, std::string_view name = "trace", const TraceOptions& options = {});

}  // namespace larder::simulator

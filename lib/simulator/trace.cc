// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/trace.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <system_error>
#include <utility>

#include "simulator/comma_list.h"
#include "simulator/trace_formats.h"

namespace larder::simulator {
namespace {

using Parse = std::string (*)(TraceSource&, const TraceOptions&, Trace&);

struct FormatRow {
  Trace::Format format;
  std::string_view name;
  Parse parse;
};

constexpr std::array<FormatRow, 5> kFormats{{{Trace::Format::kLtrc, "ltrc", parse_ltrc},
                                             {Trace::Format::kKeys, "keys", parse_keys},
                                             {Trace::Format::kCsv, "csv", parse_csv},
                                             {Trace::Format::kLis, "lis", parse_lis},
                                             {Trace::Format::kOracleGeneral, "oracle-general", parse_oracle_general}}};

// Whether the name ends in .oracleGeneral, with or without what says how it is packed.
bool named_oracle_general(std::string_view given) {
  std::string name = lower(given);
  for (bool more = true; more;) {
    more = false;
    for (const std::string_view behind : {".bin", ".gz", ".zst"}) {
      if (!name.ends_with(behind)) continue;
      name.resize(name.size() - behind.size());
      more = true;
    }
  }
  return name.ends_with(".oraclegeneral");
}

Trace::Format format_of(TraceSource& source, std::string_view name, const TraceOptions& options) {
  if (options.format) return *options.format;
  if (!options.columns.empty()) return Trace::Format::kCsv;
  std::string_view start = source.peek();
  if (looks_like_ltrc(start)) return Trace::Format::kLtrc;
  if (named_oracle_general(name)) return Trace::Format::kOracleGeneral;
  start.remove_prefix(std::min(start.find_first_not_of("\r\n"), start.size()));
  const std::string_view line = start.substr(0, start.find_first_of("\r\n"));
  if (looks_like_csv(line)) return Trace::Format::kCsv;
  if (looks_like_lis(line)) return Trace::Format::kLis;
  // Several fields: a CSV, which says what it lacks. Reading lines as keys would give figures that mean nothing.
  const bool fields = line.find_first_of(",;\t") != std::string_view::npos;
  return fields ? Trace::Format::kCsv : Trace::Format::kKeys;
}

TraceResult parse_stream(
    std::istream& stream, std::string_view name, const TraceOptions& given, OnBytes on_bytes = [](std::size_t) {}) {
  TraceOptions options = given;
  options.requests_max = std::min<std::uint64_t>(options.requests_max, UINT32_MAX);
  TraceSource source(stream, options.bytes_max, on_bytes);
  Trace trace;
  trace.packing = source.packing();
  trace.format = format_of(source, name, options);
  std::string error = kFormats[static_cast<std::size_t>(trace.format)].parse(source, options, trace);
  if (!source.error().empty()) error = source.error();  // what came before it is a consequence
  if (error.empty() && trace.ids.empty()) error = "holds no request";
  if (!error.empty()) return {std::nullopt, std::string(name) + ": " + error};
  return {std::move(trace), {}};
}

}  // namespace

std::string_view name_of(Trace::Format format) noexcept { return kFormats[static_cast<std::size_t>(format)].name; }

std::optional<Trace::Format> format_named(std::string_view name) noexcept {
  for (const FormatRow& row : kFormats) {
    if (row.name == name) return row.format;
  }
  return std::nullopt;
}

std::string description_of(const Trace& trace) {
  constexpr std::array<const char*, 3> kPackings{"", ", gzip", ", zstd"};
  return std::string(name_of(trace.format)) + kPackings[static_cast<std::size_t>(trace.packing)];
}

TraceResult read_trace(const std::string& path, const TraceOptions& options, OnProgress on_progress) {
  if (path == "-") return parse_stream(std::cin, "standard input", options);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return {std::nullopt, path + ": is a directory, not a trace"};
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return {std::nullopt, path + ": cannot be opened: " + std::strerror(errno)};
  const std::uintmax_t bytes = std::filesystem::file_size(path, ignored);
  const bool is_known = !ignored && bytes > 0;
  std::uintmax_t done = 0;
  return parse_stream(stream, path, options, [&](std::size_t more) {
    done += more;
    if (is_known) on_progress(static_cast<double>(done) / static_cast<double>(bytes));
  });
}

TraceResult parse_trace(std::string_view bytes, std::string_view name, const TraceOptions& options) {
  std::istringstream stream{std::string(bytes)};
  return parse_stream(stream, name, options);
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string result = "\"";
  for (const char c : text.substr(0, kMost)) result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return result + (text.size() > kMost ? "...\"" : "\"");
}

std::string too_many_requests(const TraceOptions& options) {
  return "has more than " + std::to_string(options.requests_max) + " requests, which is the limit";
}

}  // namespace larder::simulator

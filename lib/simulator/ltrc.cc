// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The columnar format of the public traces (NAME.ltrc.gz), little-endian:
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
#include <algorithm>
#include <array>

#include "simulator/trace_formats.h"

namespace larder::simulator {
namespace {

constexpr std::string_view kMagic = "LTRC";
constexpr std::size_t kBlockBytes = 64 * 1024;
constexpr std::size_t kHeaderBytes = 32;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kFlagSizes = 1;
constexpr std::uint32_t kFlagTimes = 2;

class ColumnParser {
 public:
  ColumnParser(TraceSource& source, const TraceOptions& options, Trace& trace)
      : source_(source), options_(options), trace_(trace) {}

  std::string parse() {
    if (std::string error = read_header(); !error.empty()) return error;
    if (std::string error = read_column("ids", trace_.ids); !error.empty()) return error;
    if (appeared_ != objects_) {
      return "says it has " + std::to_string(objects_) + " distinct objects, and only " + std::to_string(appeared_) +
             " appear";
    }
    if ((flags_ & kFlagSizes) != 0) {
      if (std::string error = read_column("sizes", trace_.sizes); !error.empty()) return error;
    }
    if ((flags_ & kFlagTimes) != 0) {
      std::vector<std::uint32_t> unused;  // nothing expires
      if (std::string error = read_column("times", unused); !error.empty()) return error;
    }
    if (!source_.peek().empty()) return "goes on after its last column: not this format, or damaged";
    trace_.objects = static_cast<std::uint32_t>(objects_);
    return {};
  }

 private:
  std::string read_header() {
    std::array<unsigned char, kHeaderBytes> header{};
    if (const std::size_t got = source_.read(header.data(), kHeaderBytes); got < kHeaderBytes) {
      return "is truncated: " + std::to_string(got) + " of the header's " + std::to_string(kHeaderBytes) + " bytes";
    }
    const std::uint32_t version = little_endian_32(&header[4]);
    if (version != kVersion) return "has version " + std::to_string(version) + ": only version 1 is known";
    flags_ = little_endian_32(&header[8]);
    if ((flags_ & ~(kFlagSizes | kFlagTimes)) != 0) {
      return "has flags " + std::to_string(flags_) + ": only bit 0 (sizes) and bit 1 (times) are known";
    }
    if (little_endian_32(&header[12]) != 0) return "has a reserved field that is not 0";
    requests_ = little_endian_64(&header[16]);
    objects_ = little_endian_64(&header[24]);
    if (requests_ > UINT64_MAX / 4) {
      return "says it has " + std::to_string(requests_) + " requests: the size of a column overflows";
    }
    if (requests_ > options_.requests_max) {
      return "says it has " + std::to_string(requests_) + " requests: the limit is " +
             std::to_string(options_.requests_max);
    }
    if (objects_ > requests_) {
      return "says it has " + std::to_string(objects_) + " distinct objects in " + std::to_string(requests_) +
             " requests: that cannot be";
    }
    return {};
  }

  // Grows the column by what has been received.
  std::string read_column(const char* what, std::vector<std::uint32_t>& column) {
    const bool are_ids = &column == &trace_.ids;
    std::array<unsigned char, kBlockBytes> block;
    while (column.size() < requests_) {
      const std::uint64_t want = std::min<std::uint64_t>(requests_ - column.size(), kBlockBytes / 4);
      const std::size_t got = source_.read(block.data(), static_cast<std::size_t>(want) * 4) / 4;
      for (std::size_t i = 0; i < got; ++i) {
        const std::uint32_t number = little_endian_32(&block[4 * i]);
        if (are_ids) {
          if (std::string error = check_id(number, column.size()); !error.empty()) return error;
        }
        column.push_back(number);
      }
      if (got < want) {
        return std::string("is truncated: its column of ") + what + " has " + std::to_string(column.size()) + " of " +
               std::to_string(requests_) + " entries";
      }
    }
    return {};
  }

  std::string check_id(std::uint32_t id, std::size_t request) {
    if (id < appeared_) return {};
    if (id == appeared_ && id < objects_) {
      ++appeared_;
      return {};
    }
    const std::string where = "has id " + std::to_string(id) + " at request " + std::to_string(request);
    if (id >= objects_) return where + ", out of range: it says there are " + std::to_string(objects_) + " objects";
    return where + " before id " + std::to_string(appeared_) + ": ids are numbered in order of first appearance";
  }

  TraceSource& source_;
  const TraceOptions& options_;
  Trace& trace_;
  std::uint32_t flags_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t objects_ = 0;
  std::uint64_t appeared_ = 0;
};

}  // namespace

// The magic alone could be a key in a text; behind it the columnar format has a small number, which no text has.
bool looks_like_ltrc(std::string_view start) {
  if (!start.starts_with(kMagic)) return false;
  if (start.size() == kMagic.size()) return false;
  const auto next = static_cast<unsigned char>(start[kMagic.size()]);
  return next < 0x20 && next != '\n' && next != '\r' && next != '\t';
}

std::string parse_ltrc(TraceSource& source, const TraceOptions& options, Trace& trace) {
  return ColumnParser(source, options, trace).parse();
}

}  // namespace larder::simulator

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Reading traces: a source that unpacks gzip as it goes, and one parser for each of the two formats behind it.
#include "bench/workload/trace_reader.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <istream>
#include <memory>
#include <sstream>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace larder::bench {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;
constexpr std::string_view kMagic = "LTRC";
constexpr std::size_t kHeaderBytes = 32;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kFlagSizes = 1;
constexpr std::uint32_t kFlagTimes = 2;

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};

// The bytes of a stream, unpacked if they are gzip. The first error stays; after it, and at the end, there are no more
// bytes.
class ByteSource {
 public:
  ByteSource(std::istream& stream, std::uint64_t bytes_max) : stream_(stream), bytes_max_(bytes_max) {
    refill();
    packed_ = packed_left_ >= 2 && packed_at_[0] == 0x1f && packed_at_[1] == 0x8b;
    // 16: gzip framing, and nothing else.
    if (packed_ && inflateInit2(&inflater_, 16 + MAX_WBITS) != Z_OK) error_ = "no memory to unpack gzip";
    inflating_ = packed_ && error_.empty();
    fill();
  }
  ~ByteSource() {
    if (inflating_) inflateEnd(&inflater_);
  }
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // What comes next, as far as it is at hand: empty at the end and after an error.
  std::string_view peek() {
    if (left_ == 0) fill();
    return {reinterpret_cast<const char*>(at_), left_};
  }
  // REQUIRES: bytes <= peek().size().
  void skip(std::size_t bytes) {
    at_ += bytes;
    left_ -= bytes;
    taken_ += bytes;
  }
  // Copies up to `bytes` bytes; fewer only at the end.
  std::size_t read(unsigned char* to, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes) {
      const std::string_view more = peek();
      if (more.empty()) break;
      const std::size_t step = std::min(bytes - done, more.size());
      std::memcpy(to + done, more.data(), step);
      skip(step);
      done += step;
    }
    return done;
  }

  bool packed() const { return packed_; }
  std::uint64_t taken() const { return taken_; }
  const std::string& error() const { return error_; }

 private:
  void refill() {
    stream_.read(reinterpret_cast<char*>(packed_block_.data()), static_cast<std::streamsize>(kBlockBytes));
    packed_at_ = packed_block_.data();
    packed_left_ = static_cast<std::size_t>(stream_.gcount());
    if (stream_.bad()) error_ = std::string("cannot be read: ") + std::strerror(errno);
  }

  void fill() {
    if (!error_.empty()) return;
    if (packed_) {
      inflate_block();
    } else {
      if (packed_left_ == 0) refill();
      at_ = packed_at_;
      left_ = std::exchange(packed_left_, 0);
    }
    given_ += left_;
    if (given_ > bytes_max_) fail("holds more than " + std::to_string(bytes_max_) + " bytes after unpacking");
  }

  // Unpacks until a block is full or the input ends. One gzip member may follow another.
  void inflate_block() {
    inflater_.next_out = block_.data();
    inflater_.avail_out = kBlockBytes;
    while (inflater_.avail_out > 0) {
      if (packed_left_ == 0) refill();
      if (packed_left_ == 0 && error_.empty() && !member_ended_) {
        error_ = "is truncated: the file ends in the middle of its gzip data";
      }
      if (packed_left_ == 0 || !error_.empty()) break;
      if (member_ended_ && inflateReset(&inflater_) != Z_OK) error_ = "gzip data cannot go on";
      member_ended_ = false;
      inflater_.next_in = packed_at_;
      inflater_.avail_in = static_cast<uInt>(packed_left_);
      const int outcome = inflate(&inflater_, Z_NO_FLUSH);
      packed_at_ = inflater_.next_in;
      packed_left_ = inflater_.avail_in;
      if (outcome == Z_STREAM_END) {
        member_ended_ = true;
      } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
        error_ = std::string("has damaged gzip data: ") + (inflater_.msg != nullptr ? inflater_.msg : "cannot unpack");
        break;
      }
    }
    at_ = block_.data();
    left_ = kBlockBytes - inflater_.avail_out;
  }

  void fail(std::string why) {
    error_ = std::move(why);
    left_ = 0;
  }

  std::istream& stream_;
  const std::uint64_t bytes_max_;
  std::array<unsigned char, kBlockBytes> packed_block_;  // as the stream gave it
  std::array<unsigned char, kBlockBytes> block_;         // unpacked
  unsigned char* packed_at_ = nullptr;
  std::size_t packed_left_ = 0;
  const unsigned char* at_ = nullptr;
  std::size_t left_ = 0;
  std::uint64_t given_ = 0;
  std::uint64_t taken_ = 0;
  z_stream inflater_{};
  bool packed_ = false;
  bool inflating_ = false;
  bool member_ended_ = false;
  std::string error_;
};

std::uint32_t little_endian_32(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}

std::uint64_t little_endian_64(const unsigned char* bytes) {
  return std::uint64_t{little_endian_32(bytes)} | std::uint64_t{little_endian_32(bytes + 4)} << 32;
}

// Each parser returns what is wrong, or an empty string.
class ColumnParser {
 public:
  ColumnParser(ByteSource& source, const TraceLimits& limits, Trace& trace)
      : source_(source), limits_(limits), trace_(trace) {}

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
      if (std::string error = read_column("times", trace_.times); !error.empty()) return error;
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
    if (requests_ > limits_.requests_max) {
      return "says it has " + std::to_string(requests_) + " requests: the limit is " +
             std::to_string(limits_.requests_max);
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

  ByteSource& source_;
  const TraceLimits& limits_;
  Trace& trace_;
  std::uint32_t flags_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t objects_ = 0;
  std::uint64_t appeared_ = 0;
};

// One key a line; empty lines, and a carriage return at the end of a line, do not count.
class TextParser {
 public:
  TextParser(ByteSource& source, const TraceLimits& limits, Trace& trace)
      : source_(source), limits_(limits), trace_(trace) {}

  std::string parse() {
    for (std::string_view more = source_.peek(); !more.empty(); more = source_.peek()) {
      const std::size_t end = more.find('\n');
      const std::string_view piece = more.substr(0, end);
      if (const std::size_t zero = piece.find('\0'); zero != std::string_view::npos) {
        return "is not a trace: neither the magic \"LTRC\" at its beginning, nor text (a byte 0 at offset " +
               std::to_string(source_.taken() + zero) + ")";
      }
      if (line_.size() + piece.size() > limits_.line_bytes_max) {
        return where() + " is longer than " + std::to_string(limits_.line_bytes_max) +
               " bytes: one key a line is wanted";
      }
      line_ += piece;
      source_.skip(piece.size() + (end == std::string_view::npos ? 0 : 1));
      if (end == std::string_view::npos) continue;
      if (std::string error = take_line(); !error.empty()) return error;
    }
    if (std::string error = take_line(); !error.empty()) return error;
    trace_.objects = static_cast<std::uint32_t>(numbers_.size());
    return {};
  }

 private:
  std::string where() const { return "line " + std::to_string(line_number_); }

  std::string take_line() {
    if (line_.ends_with('\r')) line_.pop_back();
    ++line_number_;
    if (line_.empty()) return {};
    if (trace_.ids.size() >= limits_.requests_max) {
      return "has more than " + std::to_string(limits_.requests_max) + " requests, which is the limit";
    }
    auto found = numbers_.find(std::string_view(line_));
    if (found == numbers_.end()) {
      found = numbers_.emplace(line_, static_cast<std::uint32_t>(numbers_.size())).first;
    }
    trace_.ids.push_back(found->second);
    line_.clear();
    return {};
  }

  ByteSource& source_;
  const TraceLimits& limits_;
  Trace& trace_;
  std::string line_;
  std::uint64_t line_number_ = 1;
  std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> numbers_;
};

// The magic alone could be a key in a text; behind it the columnar format has a small number, which no text has.
bool looks_columnar(std::string_view start) {
  if (!start.starts_with(kMagic)) return false;
  if (start.size() == kMagic.size()) return false;
  const auto next = static_cast<unsigned char>(start[kMagic.size()]);
  return next < 0x20 && next != '\n' && next != '\r' && next != '\t';
}

TraceResult parse_stream(std::istream& stream, std::string_view name, const TraceLimits& given) {
  TraceLimits limits = given;
  limits.requests_max = std::min<std::uint64_t>(limits.requests_max, UINT32_MAX);
  const auto source = std::make_unique<ByteSource>(stream, limits.bytes_max);  // large blocks: not on the stack
  Trace trace;
  trace.packed = source->packed();
  const bool columnar = looks_columnar(source->peek());
  trace.format = columnar ? Trace::Format::kColumns : Trace::Format::kText;
  std::string error =
      columnar ? ColumnParser(*source, limits, trace).parse() : TextParser(*source, limits, trace).parse();
  if (!source->error().empty()) error = source->error();  // what came before it is a consequence
  if (error.empty() && trace.ids.empty()) error = "holds no request";
  if (!error.empty()) return {std::nullopt, std::string(name) + ": " + error};
  return {std::move(trace), {}};
}

}  // namespace

TraceResult read_trace(const std::string& path, const TraceLimits& limits) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return {std::nullopt, path + ": is a directory, not a trace"};
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return {std::nullopt, path + ": cannot be opened: " + std::strerror(errno)};
  return parse_stream(stream, path, limits);
}

TraceResult parse_trace(std::string_view bytes, std::string_view name, const TraceLimits& limits) {
  std::istringstream stream{std::string(bytes)};
  return parse_stream(stream, name, limits);
}

}  // namespace larder::bench

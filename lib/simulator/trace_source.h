// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The bytes of a stream, unpacked as they come if they are gzip or zstd, which their first bytes tell; and its lines.
// The first error stays; after it, and at the end, there are no more bytes.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "larder/function_ref.h"
#include "simulator/trace.h"

namespace larder::simulator {

// Fills blocks from a stream. The next: none at the end, and none when `error` is set, to what is wrong.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  virtual std::string_view next(std::string& error) = 0;
};

using OnBytes = FunctionRef<void(std::size_t)>;

class TraceSource {
 public:
  // The stream must outlive it, and so must `on_bytes`, which is told how many bytes were read from it, packed.
  TraceSource(std::istream& stream, std::uint64_t bytes_max, OnBytes on_bytes);

  // What comes next, as far as it is at hand, up to 64 KiB: empty at the end and after an error.
  std::string_view peek() {
    if (left_.empty()) fill();
    return left_;
  }
  // REQUIRES: bytes <= peek().size().
  void skip(std::size_t bytes) {
    left_.remove_prefix(bytes);
    taken_ += bytes;
  }
  // Copies up to `bytes` bytes; fewer only at the end.
  std::size_t read(unsigned char* to, std::size_t bytes);

  Trace::Packing packing() const { return packing_; }
  std::uint64_t taken() const { return taken_; }
  const std::string& error() const { return error_; }

 private:
  void fill();

  const std::uint64_t bytes_max_;
  Trace::Packing packing_ = Trace::Packing::kNone;
  std::unique_ptr<Unpacker> unpacker_;
  std::string_view left_;
  std::uint64_t given_ = 0;
  std::uint64_t taken_ = 0;
  std::string error_;
};

// Lines of a text without what ends them ('\n', or '\r' and '\n').
class TraceLines {
 public:
  TraceLines(TraceSource& source, std::uint64_t line_bytes_max) : source_(source), line_bytes_max_(line_bytes_max) {}

  // Valid until the next call. None at the end, and if something is wrong with the text: then there is an `error`.
  std::optional<std::string_view> next();
  // Of the line that `next` returned last, from 1.
  std::uint64_t number() const { return number_; }
  std::string where() const { return "line " + std::to_string(number_); }
  const std::string& error() const { return error_; }

 private:
  bool check(std::string_view piece, std::size_t before);

  TraceSource& source_;
  const std::uint64_t line_bytes_max_;
  std::uint64_t number_ = 0;
  std::size_t skip_ = 0;  // of the source, at the next call: the line returned last stands there
  std::string line_;      // one that stands in two blocks
  std::string error_;
};

}  // namespace larder::simulator

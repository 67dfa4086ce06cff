// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Requests out of a stream of bytes: arrays of bulk strings, as clients send them, or one line of words, as people do.
// https://redis.io/docs/reference/protocol-spec/
//
// It keeps where it has come to, and nothing of the bytes: they stay with the caller, who shows all that has come of a
// request, again from its first byte, until it is whole. What a client claims costs nothing: memory is taken for
// arguments that have come, eight bytes each.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder::endpoint {

class RequestParser {
 public:
  struct Limits {
    std::uint64_t bulk_bytes_max = std::uint64_t{512} << 20;  // at most 2^31
    std::uint64_t arguments_max = std::uint64_t{1} << 20;
    bool authenticated = true;  // otherwise the errors say that this is why the limits are low
  };
  static constexpr std::size_t kLineBytesMax = std::size_t{64} << 10;

  enum class Step : std::uint8_t {
    kMore,     // bytes are missing
    kRequest,  // there is one. No arguments: an empty one, which is not answered
    kBroken,   // this is no request: nothing that comes behind it can be read
  };

  // REQUIRES: `bytes` begins where the last request ended, and holds at least what it held at the last call. O(bytes
  // that are new).
  Step next(std::string_view bytes, const Limits& limits);

  // After kRequest: how many bytes it had, and its arguments, which are parts of them, or of this object. Valid until
  // the next call of `next`.
  std::size_t size() const noexcept { return at_; }
  std::span<const std::string_view> arguments() const noexcept { return arguments_; }
  // After kBroken: what is wrong, as the client is told.
  const std::string& error() const noexcept { return error_; }
  // Bytes of memory that it holds.
  std::size_t memory() const noexcept {
    return places_.capacity() * sizeof(Place) + arguments_.capacity() * sizeof(std::string_view) + words_.capacity();
  }

 private:
  struct Place {
    std::uint32_t offset;
    std::uint32_t size;
  };

  void begin();
  Step read_array(std::string_view bytes, const Limits& limits);
  Step read_header(std::string_view bytes, const Limits& limits);
  Step read_bulk(std::string_view bytes, const Limits& limits);
  Step read_line(std::string_view bytes);
  bool split_words(std::string_view line);
  Step find_line_end(std::string_view bytes, std::string_view too_long, std::size_t* end);
  Step broken(std::string why);

  enum class Form : std::uint8_t { kUnknown, kArray, kLine };
  Form form_ = Form::kUnknown;
  bool done_ = false;
  std::size_t at_ = 0;            // of the bytes, so many are read
  std::size_t scanned_ = 0;       // and as far as here there is no end of the line
  std::int64_t missing_ = -1;     // arguments yet to come; -1: the header is
  std::int64_t bulk_bytes_ = -1;  // of the argument that is coming; -1: its header is
  std::vector<Place> places_;
  std::vector<std::string_view> arguments_;
  std::string words_;  // of a line, with their quotes taken off
  std::string error_;
};

}  // namespace larder::endpoint

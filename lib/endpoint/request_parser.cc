// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/request_parser.h"

#include <cstring>
#include <optional>

#include "commands/numbers.h"

namespace larder::endpoint {
namespace {

// What one request may leave behind for the next.
constexpr std::size_t kPlacesKept = 256;

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that an escape in double quotes stands for.
char unescaped(char c) noexcept {
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return c;
  }
}

// Appends the quoted text that begins at `at`, and moves behind it. False: it does not end, or something follows it.
bool take_quoted(std::string_view line, std::size_t* at, std::string* out) {
  const char quote = line[(*at)++];
  while (*at < line.size() && line[*at] != quote) {
    const std::string_view rest = line.substr(*at);
    if (quote == '"' && rest.size() >= 4 && rest[0] == '\\' && rest[1] == 'x' && hex_digit(rest[2]) >= 0 &&
        hex_digit(rest[3]) >= 0) {
      out->push_back(static_cast<char>(hex_digit(rest[2]) * 16 + hex_digit(rest[3])));
      *at += 4;
    } else if (quote == '"' && rest.size() >= 2 && rest[0] == '\\') {
      out->push_back(unescaped(rest[1]));
      *at += 2;
    } else if (quote == '\'' && rest.size() >= 2 && rest[0] == '\\' && rest[1] == '\'') {
      out->push_back('\'');
      *at += 2;
    } else {
      out->push_back(rest[0]);
      ++*at;
    }
  }
  if (*at == line.size()) return false;
  ++*at;
  return *at == line.size() || is_space(line[*at]);
}

}  // namespace

void RequestParser::begin() {
  form_ = Form::kUnknown;
  done_ = false;
  at_ = scanned_ = 0;
  missing_ = bulk_bytes_ = -1;
  if (places_.capacity() > kPlacesKept) {
    std::vector<Place>().swap(places_);
    std::vector<std::string_view>().swap(arguments_);
  }
  if (words_.capacity() > kLineBytesMax / 16) std::string().swap(words_);
  places_.clear();
  arguments_.clear();
  words_.clear();
}

RequestParser::Step RequestParser::next(std::string_view bytes, const Limits& limits) {
  if (done_) begin();
  if (bytes.empty()) return Step::kMore;
  if (form_ == Form::kUnknown) form_ = bytes[0] == '*' ? Form::kArray : Form::kLine;
  const Step step = form_ == Form::kArray ? read_array(bytes, limits) : read_line(bytes);
  if (step != Step::kRequest) return step;
  done_ = true;
  const char* from = form_ == Form::kArray ? bytes.data() : words_.data();
  arguments_.reserve(places_.size());
  for (const Place& place : places_) arguments_.emplace_back(from + place.offset, place.size);
  return step;
}

RequestParser::Step RequestParser::read_array(std::string_view bytes, const Limits& limits) {
  if (missing_ < 0) {
    if (const Step step = read_header(bytes, limits); step != Step::kRequest) return step;
  }
  while (missing_ > 0) {
    if (const Step step = read_bulk(bytes, limits); step != Step::kRequest) return step;
    --missing_;
  }
  return Step::kRequest;
}

// kRequest: it is read.
RequestParser::Step RequestParser::read_header(std::string_view bytes, const Limits& limits) {
  std::size_t end = 0;
  if (const Step step = find_line_end(bytes, "too big mbulk count string", &end); step != Step::kRequest) return step;
  const std::optional<std::int64_t> count = commands::parse_integer(bytes.substr(at_ + 1, end - at_ - 1));
  if (!count || *count > 0x7fffffff) return broken("invalid multibulk length");
  if (*count > 0 && static_cast<std::uint64_t>(*count) > limits.arguments_max)
    return broken(limits.authenticated ? "invalid multibulk length" : "unauthenticated multibulk length");
  at_ = scanned_ = end + 2;
  missing_ = *count < 0 ? 0 : *count;
  return Step::kRequest;
}

// kRequest: one argument is whole.
RequestParser::Step RequestParser::read_bulk(std::string_view bytes, const Limits& limits) {
  if (bulk_bytes_ < 0) {
    if (at_ < bytes.size() && bytes[at_] != '$') return broken(std::string("expected '$', got '") + bytes[at_] + "'");
    std::size_t end = 0;
    if (const Step step = find_line_end(bytes, "too big bulk count string", &end); step != Step::kRequest) return step;
    const std::optional<std::int64_t> size = commands::parse_integer(bytes.substr(at_ + 1, end - at_ - 1));
    if (!size || *size < 0) return broken("invalid bulk length");
    if (static_cast<std::uint64_t>(*size) > limits.bulk_bytes_max)
      return broken(limits.authenticated ? "invalid bulk length" : "unauthenticated bulk length");
    at_ = scanned_ = end + 2;
    bulk_bytes_ = *size;
  }
  const auto size = static_cast<std::size_t>(bulk_bytes_);
  if (bytes.size() - at_ < size + 2) return Step::kMore;
  if (bytes[at_ + size] != '\r' || bytes[at_ + size + 1] != '\n') return broken("no CRLF behind a bulk string");
  places_.push_back({static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(size)});
  at_ += size + 2;
  scanned_ = at_;
  bulk_bytes_ = -1;
  return Step::kRequest;
}

// kRequest: `end` is where the CR of the present line stands.
RequestParser::Step RequestParser::find_line_end(std::string_view bytes, std::string_view too_long, std::size_t* end) {
  const std::size_t found = bytes.find('\r', scanned_);
  if (found == std::string_view::npos || found + 1 >= bytes.size()) {
    scanned_ = found == std::string_view::npos ? bytes.size() : found;
    return scanned_ - at_ > kLineBytesMax ? broken(std::string(too_long)) : Step::kMore;
  }
  if (found - at_ > kLineBytesMax) return broken(std::string(too_long));
  if (bytes[found + 1] != '\n') return broken("no LF behind a CR");
  *end = found;
  return Step::kRequest;
}

RequestParser::Step RequestParser::read_line(std::string_view bytes) {
  const std::size_t found = bytes.find('\n', scanned_);
  const std::size_t size = found == std::string_view::npos ? bytes.size() : found;
  if (size > kLineBytesMax) return broken("too big inline request");
  if (found == std::string_view::npos) {
    scanned_ = size;
    return Step::kMore;
  }
  std::string_view line = bytes.substr(0, found);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!split_words(line)) return broken("unbalanced quotes in request");
  at_ = found + 1;
  return Step::kRequest;
}

bool RequestParser::split_words(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    const std::size_t first = words_.size();
    while (at < line.size() && !is_space(line[at])) {
      if (line[at] == '"' || line[at] == '\'') {
        if (!take_quoted(line, &at, &words_)) return false;
      } else {
        words_.push_back(line[at++]);
      }
    }
    places_.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(words_.size() - first)});
  }
  return true;
}

RequestParser::Step RequestParser::broken(std::string why) {
  error_ = "ERR Protocol error: " + std::move(why);
  return Step::kBroken;
}

}  // namespace larder::endpoint

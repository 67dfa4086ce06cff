// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/reply_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace larder::endpoint {

std::string format_real(double number) {
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  if (std::isnan(number)) return "nan";
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::string(text.data(), end) : std::string("0");
}

void ReplyWriter::line(char kind, std::string_view text) {
  one();
  output_.append(kind);
  output_.append(text);
  output_.append("\r\n");
}

void ReplyWriter::number_line(char kind, std::int64_t number) {
  std::array<char, 24> text;
  text[0] = kind;
  char* end = std::to_chars(text.data() + 1, text.data() + 22, number).ptr;
  *end++ = '\r';
  *end++ = '\n';
  output_.append(std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
}

void ReplyWriter::error(std::string_view text) {
  ++errors_;
  error_word_ = text.substr(0, text.find(' '));
  text = text.substr(0, text.find('\0'));
  while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
  std::string clean(text);
  for (char& c : clean) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  line('-', clean);
}

void ReplyWriter::integer(std::int64_t number) {
  one();
  number_line(':', number);
}

void ReplyWriter::bulk(std::string_view bytes) {
  one();
  number_line('$', static_cast<std::int64_t>(bytes.size()));
  output_.append(bytes);
  output_.append("\r\n");
}

void ReplyWriter::bulk(std::string&& bytes) {
  one();
  number_line('$', static_cast<std::int64_t>(bytes.size()));
  output_.append(std::move(bytes));
  output_.append("\r\n");
}

void ReplyWriter::bulk(Pinned&& bytes) {
  one();
  number_line('$', static_cast<std::int64_t>(bytes.size()));
  output_.append(std::move(bytes));
  output_.append("\r\n");
}

void ReplyWriter::null() {
  one();
  output_.append(resp3_ ? "_\r\n" : "$-1\r\n");
}

void ReplyWriter::null_array() {
  one();
  output_.append(resp3_ ? "_\r\n" : "*-1\r\n");
}

void ReplyWriter::real(double number) {
  if (resp3_) {
    line(',', format_real(number));
  } else {
    bulk(format_real(number));
  }
}

void ReplyWriter::boolean(bool yes) {
  if (resp3_) {
    line('#', yes ? "t" : "f");
  } else {
    integer(yes);
  }
}

void ReplyWriter::verbatim(std::string_view text) {
  if (!resp3_) return bulk(text);
  one();
  number_line('=', static_cast<std::int64_t>(text.size() + 4));
  output_.append("txt:");
  output_.append(text);
  output_.append("\r\n");
}

void ReplyWriter::open(char kind, std::uint64_t written, std::uint64_t owed) {
  one();
  number_line(kind, static_cast<std::int64_t>(written));
  owed_ += owed;
}

void ReplyWriter::push(std::uint64_t count) {
  if (!resp3_) return array(count);
  number_line('>', static_cast<std::int64_t>(count));
  owed_ += count;
}

void ReplyWriter::append(char kind, std::uint64_t count, Output&& written) {
  one();
  number_line(kind, static_cast<std::int64_t>(count));
  output_.append(std::move(written));
}

}  // namespace larder::endpoint

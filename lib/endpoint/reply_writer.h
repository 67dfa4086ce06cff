// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Replies in RESP2 or RESP3: a handler says what it means (a map, a set, a double, nothing), and the protocol of the
// connection says how that is written.
//
//            map       set    push   double   null   null_array  boolean  verbatim
//   RESP2    *2n       *n     *n     $text    $-1    *-1         :1 :0    $text
//   RESP3    %n        ~n     >n     ,text    _      _           #t #f    =n+4 txt:text
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "endpoint/output.h"

namespace larder::endpoint {

class ReplyWriter {
 public:
  ReplyWriter(Output& output, int protocol) noexcept : output_(output), resp3_(protocol == 3) {}

  void status(std::string_view text) { line('+', text); }  // without CR and LF
  void ok() { status("OK"); }
  // "ERR what is wrong". As Redis has it: it ends at a zero byte, and what would end the line is written as a space.
  void error(std::string_view text);
  void integer(std::int64_t number);
  void integer(std::uint64_t number) { integer(static_cast<std::int64_t>(number)); }
  void integer(bool yes) { integer(std::int64_t{yes}); }
  void bulk(std::string_view bytes);
  void bulk(std::string&& bytes);
  void bulk(Pinned&& bytes);
  void bulk(const char* text) { bulk(std::string_view(text)); }
  void null();
  void null_array();
  void real(double number);  // the shortest text that reads back as this number
  void boolean(bool yes);
  void verbatim(std::string_view text);  // plain text for people
  // What follows belongs to it: so many replies, of a map twice as many.
  void array(std::uint64_t count) { open('*', count, count); }
  void map(std::uint64_t count) { open(resp3_ ? '%' : '*', resp3_ ? count : 2 * count, 2 * count); }
  void set(std::uint64_t count) { open(resp3_ ? '~' : '*', count, count); }
  void push(std::uint64_t count);
  // Of so many replies that have been written elsewhere.
  void array(std::uint64_t count, Output&& written) { append('*', count, std::move(written)); }
  void set(std::uint64_t count, Output&& written) { append(resp3_ ? '~' : '*', count, std::move(written)); }

  // A reply was written to the same output by another writer.
  void answered_elsewhere() noexcept { one(); }

  bool resp3() const noexcept { return resp3_; }
  // How many errors were written since the start.
  std::uint64_t errors() const noexcept { return errors_; }
  // The first word of the last of them.
  const std::string& error_word() const noexcept { return error_word_; }
  // Whole replies so far; -1: one is begun and not ended.
  std::int64_t replies() const noexcept { return owed_ == 0 ? replies_ : -1; }
  Output& output() noexcept { return output_; }

 private:
  void line(char kind, std::string_view text);
  void number_line(char kind, std::int64_t number);
  void open(char kind, std::uint64_t written, std::uint64_t owed);
  void append(char kind, std::uint64_t count, Output&& written);
  void one() noexcept {
    if (owed_ == 0) {
      ++replies_;
    } else {
      --owed_;
    }
  }

  Output& output_;
  const bool resp3_;
  std::uint64_t owed_ = 0;  // replies that belong to what is open
  std::int64_t replies_ = 0;
  std::uint64_t errors_ = 0;
  std::string error_word_;
};

// As `real` writes it.
std::string format_real(double number);

}  // namespace larder::endpoint

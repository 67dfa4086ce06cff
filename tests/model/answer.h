// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a command answered, in one form for the model, for Larder and for Redis, so that answers can be compared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/status.h"

namespace larder::model {

struct Answer {
  enum class Kind : std::uint8_t {
    kDone,     // it worked and says nothing more: OK
    kMiss,     // there is none: nil
    kNever,    // the key is there and does not expire
    kError,    // `error` says which
    kInteger,  // truth is 0 or 1
    kText,
    kList,
  };

  Kind kind = Kind::kMiss;
  ErrorCode error = ErrorCode::kOk;
  std::int64_t integer = 0;
  std::string text = {};
  std::vector<Answer> list = {};

  static Answer done() { return {.kind = Kind::kDone}; }
  static Answer miss() { return {}; }
  static Answer never() { return {.kind = Kind::kNever}; }
  static Answer failure(ErrorCode code) { return {.kind = Kind::kError, .error = code}; }
  static Answer number(std::int64_t n) { return {.kind = Kind::kInteger, .integer = n}; }
  static Answer bytes(std::string_view text) { return {.kind = Kind::kText, .text = std::string(text)}; }
  static Answer items(std::vector<Answer> list) { return {.kind = Kind::kList, .list = std::move(list)}; }

  bool failed() const { return kind == Kind::kError; }
  bool failed_with(ErrorCode code) const { return kind == Kind::kError && error == code; }
  bool operator==(const Answer&) const = default;
};

// The code's name, without the library: the model must not need it.
std::string_view name_of(ErrorCode code);

// Bytes for reading: quoted, escaped as redis-cli has it; long ones as their period and length.
std::string printable(std::string_view bytes);
std::string printable(const Answer& answer);

}  // namespace larder::model

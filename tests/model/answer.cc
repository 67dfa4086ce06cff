// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Answers in words.
#include "model/answer.h"

#include <array>
#include <cstddef>
#include <cstdio>

namespace larder::model {
namespace {

constexpr std::size_t kShownInFull = 80;
constexpr std::size_t kPeriodMax = 16;

std::string quoted(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      std::array<char, 8> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", byte);
      text += hex.data();
    } else {
      text += c;
    }
  }
  return text + '"';
}

// How long the piece is that these bytes repeat; 0 if there is no short one.
std::size_t period_of(std::string_view bytes) {
  for (std::size_t period = 1; period <= kPeriodMax; ++period) {
    std::size_t i = period;
    while (i < bytes.size() && bytes[i] == bytes[i - period]) ++i;
    if (i == bytes.size()) return period;
  }
  return 0;
}

std::uint64_t fnv_1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk: return "ok";
    case ErrorCode::kWrongType: return "wrong type";
    case ErrorCode::kNotAnInteger: return "not an integer";
    case ErrorCode::kNotAFloat: return "not a float";
    case ErrorCode::kOverflow: return "overflow";
    case ErrorCode::kOutOfRange: return "out of range";
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kInvalidExpireTime: return "invalid expire time";
    case ErrorCode::kNoSuchKey: return "no such key";
    case ErrorCode::kKeyTooLong: return "key too long";
    case ErrorCode::kValueTooLarge: return "value too large";
    case ErrorCode::kOutOfMemory: return "out of memory";
    case ErrorCode::kTooManyKeys: return "too many keys";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kClosed: return "closed";
    case ErrorCode::kLoadFailed: return "load failed";
    case ErrorCode::kLoaderThrew: return "loader threw";
    case ErrorCode::kReentrantLoad: return "reentrant load";
    case ErrorCode::kLoadDeadlock: return "load deadlock";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kCallbackThrew: return "callback threw";
    case ErrorCode::kStoreFailed: return "store failed";
    case ErrorCode::kStoreRefused: return "store refused";
    case ErrorCode::kStoreThrew: return "store threw";
    case ErrorCode::kOutcomeUnknown: return "outcome unknown";
    case ErrorCode::kReadOnly: return "read only";
    case ErrorCode::kUndeclaredKey: return "undeclared key";
    case ErrorCode::kQueueFull: return "queue full";
    case ErrorCode::kInterrupted: return "interrupted";
    case ErrorCode::kStoreMalformed: return "store malformed";
    case ErrorCode::kDisconnected: return "disconnected";
    case ErrorCode::kServerError: return "server error";
  }
  return "unknown error";
}

std::string printable(std::string_view bytes) {
  if (bytes.size() <= kShownInFull) return quoted(bytes);
  const std::string size = std::to_string(bytes.size());
  if (const std::size_t period = period_of(bytes); period != 0) {
    return "<" + size + " bytes of " + quoted(bytes.substr(0, period)) + ">";
  }
  return "<" + size + " bytes from " + quoted(bytes.substr(0, 12)) + " to " + quoted(bytes.substr(bytes.size() - 12)) +
         ", fnv " + std::to_string(fnv_1a(bytes)) + ">";
}

std::string printable(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::kDone: return "OK";
    case Answer::Kind::kMiss: return "(nil)";
    case Answer::Kind::kNever: return "(never)";
    case Answer::Kind::kError: return "(error: " + std::string(name_of(answer.error)) + ")";
    case Answer::Kind::kInteger: return std::to_string(answer.integer);
    case Answer::Kind::kText: return printable(answer.text);
    case Answer::Kind::kList: break;
  }
  std::string text = "[";
  for (const Answer& item : answer.list) {
    if (text.size() > 1) text += ", ";
    text += printable(item);
  }
  return text + "]";
}

}  // namespace larder::model

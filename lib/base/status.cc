// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "larder/status.h"

#include <array>
#include <cstddef>

#include "base/check.h"

namespace larder {
namespace {

constexpr std::array<std::string_view, 32> kNames = {"ok",
                                                     "wrong_type",
                                                     "not_an_integer",
                                                     "not_a_float",
                                                     "overflow",
                                                     "out_of_range",
                                                     "invalid_argument",
                                                     "invalid_expire_time",
                                                     "no_such_key",
                                                     "key_too_long",
                                                     "value_too_large",
                                                     "out_of_memory",
                                                     "too_many_keys",
                                                     "conflict",
                                                     "closed",
                                                     "load_failed",
                                                     "loader_threw",
                                                     "reentrant_load",
                                                     "load_deadlock",
                                                     "timeout",
                                                     "callback_threw",
                                                     "store_failed",
                                                     "store_refused",
                                                     "store_threw",
                                                     "outcome_unknown",
                                                     "read_only",
                                                     "undeclared_key",
                                                     "queue_full",
                                                     "interrupted",
                                                     "store_malformed",
                                                     "disconnected",
                                                     "server_error"};
static_assert(kNames.size() == static_cast<std::size_t>(ErrorCode::kServerError) + 1);

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Status::Status(ErrorCode code, std::string_view message) {
  LARDER_CHECK(code != ErrorCode::kOk, "an error needs an error code");
  rep_ = std::make_unique<Rep>(Rep{code, std::string(message)});
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  return std::string(larder::to_string(code())) + ": " + std::string(message());
}

void die_of_missing_value(const Status& status) noexcept {
  base::die("the value of an answer was taken (*, -> or value()) that has none; it is " +
            (status.ok() ? std::string("a miss") : status.to_string()));
}

}  // namespace larder

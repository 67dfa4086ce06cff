// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Functions that are handed to a call: what they throw is its answer.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "larder/function_ref.h"
#include "larder/status.h"

namespace larder::commands {

// Calls it: ok, or what it threw.
template <typename Function>
Status run_user(std::string_view command, Function&& function) {
  try {
    function();
    return {};
  } catch (const std::exception& error) {
    return {ErrorCode::kCallbackThrew, error.what()};
  } catch (...) {
    return {ErrorCode::kCallbackThrew, "the function handed to " + std::string(command) + " threw something"};
  }
}

// One that is shown items until it answers false, or throws: what is shown to this, and then its status.
template <typename... Item>
class UserVisit {
 public:
  UserVisit(std::string_view command, FunctionRef<bool(Item...)> visit) noexcept : command_(command), visit_(visit) {}
  bool operator()(Item... item) {
    bool more = false;
    status_ = run_user(command_, [&] { more = visit_(item...); });
    return more;
  }
  // Of the command that showed them: its own, if that is none.
  Status status(Status own) { return status_.ok() ? std::move(own) : std::move(status_); }

 private:
  const std::string_view command_;
  const FunctionRef<bool(Item...)> visit_;
  Status status_;
};

}  // namespace larder::commands

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Makes a failing sequence of commands short.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/command.h"

namespace larder::model {

struct Failure {
  std::size_t at = 0;  // which command
  std::string what;
};

// Runs a sequence from the beginning and says how it fails, if it does. The same sequence always does the same.
using Runner = std::function<std::optional<Failure>(const std::vector<Command>&)>;

// Leaves out and simplifies commands as long as the sequence still fails.
std::vector<Command> shrink(const Runner& run, std::vector<Command> commands);

// Runs them, and if that fails: the failure, with a short sequence that shows it. Empty otherwise.
std::string run_and_explain(const Runner& run, const std::vector<Command>& commands);

}  // namespace larder::model

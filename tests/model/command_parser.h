// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Command lines as printable(Command) writes them, read back: for tests that are easier to read as Redis's command
// lines, and for replaying what a failure printed. Not read: values too long to be printed in full, unless they repeat
// a piece.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/command.h"

namespace larder::model {

// Words separated by blanks; quoted ones may have \xhh, \" and \\ in them; `<n bytes of "piece">` is a word of n bytes.
// No value: a quote that does not end.
std::optional<std::vector<std::string>> split_line(std::string_view line);

// No value: not a command, or not in the form in which words_of writes it.
std::optional<Command> parse(const std::vector<std::string>& words);
std::optional<Command> parse(std::string_view line);

}  // namespace larder::model

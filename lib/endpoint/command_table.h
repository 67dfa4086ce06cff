// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// All commands, found by name.
//
// Thread safety: constant once made.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/command.h"

namespace larder::endpoint {

class CommandTable {
 public:
  // A row where it is found: with the number under which its statistics are kept.
  struct Place {
    const Command* command = nullptr;
    std::string full_name = {};  // "config|get"
    std::size_t number = 0;
    std::vector<Place> subcommands = {};

    // By name, in any case; null if there is none.
    const Place* subcommand(std::string_view name) const noexcept;
  };

  static const CommandTable& instance();

  // In any case; null if there is none.
  const Place* find(std::string_view name) const noexcept;
  // In the order of their names.
  std::span<const Place> commands() const noexcept { return places_; }
  // How many numbers there are.
  std::size_t numbers() const noexcept { return numbers_; }

 private:
  CommandTable();
  std::vector<Place> places_;
  std::size_t numbers_ = 0;
};

// The keys among the arguments of a command, of which the command's name is the first.
std::vector<std::string_view> keys_of(const Command& command, std::span<const std::string_view> arguments);

// The flags and categories as COMMAND shows them.
std::vector<std::string_view> flag_names(const Command& command);
std::vector<std::string> category_names(const Command& command);

// Part of docs/endpoint.md: a table of all commands.
std::string commands_as_markdown();

}  // namespace larder::endpoint

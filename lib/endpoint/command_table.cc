// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/command_table.h"

#include <algorithm>
#include <utility>

#include "commands/numbers.h"
#include "endpoint/arguments.h"

namespace larder::endpoint {
namespace {

struct FlagName {
  Flag flag;
  std::string_view name;
};
constexpr FlagName kFlagNames[] = {{kWrite, "write"},          {kReadOnly, "readonly"}, {kDenyOom, "denyoom"},
                                   {kAdmin, "admin"},          {kNoScript, "noscript"}, {kLoading, "loading"},
                                   {kStale, "stale"},          {kFast, "fast"},         {kNoAuth, "no_auth"},
                                   {kAllowBusy, "allow_busy"}, {kBlocks, "blocking"}};

std::vector<std::string_view> titles() {
  return {"Strings", "Keys",        "Bitmaps",      "Hashes",     "Lists",
          "Sets",    "Sorted sets", "Transactions", "Connection", "Server"};
}

bool before(const CommandTable::Place& a, const CommandTable::Place& b) { return a.command->name < b.command->name; }

// A binary search that folds case: names have a dozen letters at most.
const CommandTable::Place* find_in(std::span<const CommandTable::Place> places, std::string_view name) noexcept {
  constexpr std::size_t kNameMax = 32;
  char folded[kNameMax];
  if (name.empty() || name.size() > kNameMax) return nullptr;
  for (std::size_t i = 0; i < name.size(); ++i) folded[i] = to_lower(name[i]);
  const std::string_view wanted(folded, name.size());
  const auto found =
      std::lower_bound(places.begin(), places.end(), wanted,
                       [](const auto& place, std::string_view key) { return place.command->name < key; });
  return found != places.end() && found->command->name == wanted ? &*found : nullptr;
}

}  // namespace

std::string_view to_string(Group group) noexcept {
  switch (group) {
    case Group::kString: return "string";
    case Group::kGeneric: return "generic";
    case Group::kBitmap: return "bitmap";
    case Group::kHash: return "hash";
    case Group::kList: return "list";
    case Group::kSet: return "set";
    case Group::kSortedSet: return "sorted-set";
    case Group::kTransactions: return "transactions";
    case Group::kConnection: return "connection";
    case Group::kServer: return "server";
  }
  return "";
}

const CommandTable& CommandTable::instance() {
  static const CommandTable table;
  return table;
}

CommandTable::CommandTable() {
  for (const auto family : {string_commands(), key_commands(), bit_commands(), hash_commands(), list_commands(),
                            set_commands(), sorted_set_commands(), blocking_commands(), transaction_commands(),
                            connection_commands(), client_commands(), introspection_commands(), server_commands()}) {
    for (const Command& command : family) {
      Place& place = places_.emplace_back(Place{&command, std::string(command.name), numbers_++});
      for (const Command& sub : command.subcommands) {
        place.subcommands.push_back({&sub, place.full_name + "|" + std::string(sub.name), numbers_++});
      }
      std::sort(place.subcommands.begin(), place.subcommands.end(), before);
    }
  }
  std::sort(places_.begin(), places_.end(), before);
}

const CommandTable::Place* CommandTable::find(std::string_view name) const noexcept { return find_in(places_, name); }

const CommandTable::Place* CommandTable::Place::subcommand(std::string_view name) const noexcept {
  return find_in(subcommands, name);
}

std::vector<std::string_view> keys_of(const Command& command, std::span<const std::string_view> arguments) {
  std::vector<std::string_view> keys;
  const KeyPositions& at = command.keys;
  const auto size = static_cast<int>(arguments.size());
  const int last = std::min(at.last < 0 ? size + at.last : at.last, size - 1);
  for (int i = at.first; i != 0 && i <= last; i += at.step) keys.push_back(arguments[static_cast<std::size_t>(i)]);
  if (at.count_at == 0 || at.count_at >= size) return keys;
  const auto behind = static_cast<std::size_t>(at.count_at) + 1;
  const std::int64_t count = commands::parse_integer(arguments[behind - 1]).value_or(0);
  if (count < 1 || static_cast<std::uint64_t>(count) > arguments.size() - behind) return keys;
  const auto more = arguments.subspan(behind, static_cast<std::size_t>(count));
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

std::vector<std::string_view> flag_names(const Command& command) {
  std::vector<std::string_view> names;
  for (const auto& [flag, name] : kFlagNames) {
    if (command.has(flag)) names.push_back(name);
  }
  if (command.keys.count_at != 0) names.emplace_back("movablekeys");
  return names;
}

std::vector<std::string> category_names(const Command& command) {
  std::vector<std::string> names;
  if (command.group == Group::kGeneric) names.emplace_back("@keyspace");
  if (command.has(kWrite)) names.emplace_back("@write");
  if (command.has(kReadOnly)) names.emplace_back("@read");
  if (command.group == Group::kSortedSet) {
    names.emplace_back("@sortedset");
  } else if (command.group != Group::kGeneric && command.group != Group::kServer) {
    names.push_back("@" + std::string(to_string(command.group)));
  }
  if (command.has(kAdmin)) names.emplace_back("@admin");
  names.emplace_back(command.has(kFast) ? "@fast" : "@slow");
  if (command.has(kAdmin | kDangerous)) names.emplace_back("@dangerous");
  if (command.has(kBlocks)) names.emplace_back("@blocking");
  return names;
}

namespace {

void add_row(const Command& command, std::string name, std::string* text) {
  for (char& c : name) c = c == '|' ? ' ' : to_upper(c);
  std::string call = name + (command.syntax.empty() ? "" : " ") + std::string(command.syntax);
  for (std::size_t at = 0; (at = call.find('|', at)) != std::string::npos; at += 2) call.insert(at, "\\");
  *text += "| `" + call + "` | " + std::string(command.summary) + " |\n";
}

}  // namespace

std::string commands_as_markdown() {
  std::string text;
  for (std::size_t group = 0; group < titles().size(); ++group) {
    text += "\n**" + std::string(titles()[group]) + "**\n\n| command | what it does |\n| --- | --- |\n";
    for (const CommandTable::Place& place : CommandTable::instance().commands()) {
      if (static_cast<std::size_t>(place.command->group) != group) continue;
      if (place.command->handler != nullptr) add_row(*place.command, place.full_name, &text);
      for (const CommandTable::Place& sub : place.subcommands) add_row(*sub.command, sub.full_name, &text);
    }
  }
  return text;
}

}  // namespace larder::endpoint

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// COMMAND: about the commands. All of it comes from the table.
#include <algorithm>
#include <string>
#include <vector>

#include "commands/glob.h"
#include "endpoint/arguments.h"
#include "endpoint/command_table.h"

namespace larder::endpoint {
namespace {

using Place = CommandTable::Place;

// "get", or "config|get".
const Place* find_full(std::string_view name) {
  const std::size_t bar = name.find('|');
  const Place* place = CommandTable::instance().find(name.substr(0, bar));
  if (place == nullptr || bar == std::string_view::npos) return place;
  return place->subcommand(name.substr(bar + 1));
}

// A range of keys, or as many as an argument says, from the argument `index` on.
void reply_key_spec(ReplyWriter& reply, const Command& command, int index, bool counted) {
  const KeyPositions& keys = command.keys;
  reply.map(3);
  reply.bulk("flags");
  reply.set(2);
  reply.status(command.has(kWrite) ? "RW" : "RO");
  reply.status(command.has(kWrite) ? "update" : "access");
  reply.bulk("begin_search");
  reply.map(2);
  reply.bulk("type");
  reply.bulk("index");
  reply.bulk("spec");
  reply.map(1);
  reply.bulk("index");
  reply.integer(std::int64_t{index});
  reply.bulk("find_keys");
  reply.map(2);
  reply.bulk("type");
  reply.bulk(counted ? "keynum" : "range");
  reply.bulk("spec");
  reply.map(3);
  reply.bulk(counted ? "keynumidx" : "lastkey");
  reply.integer(std::int64_t{counted ? 0 : keys.last < 0 ? keys.last : keys.last - keys.first});
  reply.bulk(counted ? "firstkey" : "keystep");
  reply.integer(std::int64_t{counted ? 1 : keys.step});
  reply.bulk(counted ? "keystep" : "limit");
  reply.integer(std::int64_t{counted});
}

// Where the keys are, as 7.0 says it.
void reply_key_specs(Call& call, const Command& command) {
  const KeyPositions& keys = command.keys;
  call.reply.set(std::uint64_t{keys.first != 0} + std::uint64_t{keys.count_at != 0});
  if (keys.first != 0) reply_key_spec(call.reply, command, keys.first, false);
  if (keys.count_at != 0) reply_key_spec(call.reply, command, keys.count_at, true);
}

void reply_info(Call& call, const Place& place) {
  const Command& command = *place.command;
  call.reply.array(10);
  call.reply.bulk(place.full_name);
  call.reply.integer(std::int64_t{command.arity});
  const auto flags = flag_names(command);
  call.reply.set(flags.size());
  for (const std::string_view flag : flags) call.reply.status(flag);
  call.reply.integer(std::int64_t{command.keys.first});
  call.reply.integer(std::int64_t{command.keys.last});
  call.reply.integer(std::int64_t{command.keys.step});
  const auto categories = category_names(command);
  call.reply.set(categories.size());
  for (const std::string& category : categories) call.reply.status(category);
  call.reply.set(0);  // tips
  reply_key_specs(call, command);
  if (place.subcommands.empty()) return call.reply.set(0);
  call.reply.array(place.subcommands.size());
  for (const Place& sub : place.subcommands) reply_info(call, sub);
}

void command_all(Call& call) {
  const auto commands = CommandTable::instance().commands();
  call.reply.array(commands.size());
  for (const Place& place : commands) reply_info(call, place);
}

void command_info(Call& call) {
  if (call.size() == 2) return command_all(call);
  call.reply.array(call.size() - 2);
  for (const std::string_view name : call.from(2)) {
    const Place* place = find_full(name);
    place == nullptr ? call.reply.null() : reply_info(call, *place);
  }
}

void command_count(Call& call) { call.reply.integer(CommandTable::instance().commands().size()); }

// --- DOCS -----------------------------------------------------------------------------------------------------------

void reply_docs(Call& call, const Place& place) {
  const Command& command = *place.command;
  call.reply.bulk(place.full_name);
  call.reply.map(place.subcommands.empty() ? 3 : 4);
  call.reply.bulk("summary");
  call.reply.bulk(command.summary);
  call.reply.bulk("since");
  call.reply.bulk(command.since);
  call.reply.bulk("group");
  call.reply.bulk(to_string(command.group));
  if (place.subcommands.empty()) return;
  call.reply.bulk("subcommands");
  call.reply.map(place.subcommands.size());
  for (const Place& sub : place.subcommands) reply_docs(call, sub);
}

void command_docs(Call& call) {
  std::vector<const Place*> places;
  for (const std::string_view name : call.from(2)) {
    if (const Place* place = find_full(name)) places.push_back(place);
  }
  if (call.size() == 2) {
    for (const Place& place : CommandTable::instance().commands()) places.push_back(&place);
  }
  call.reply.map(places.size());
  for (const Place* place : places) reply_docs(call, *place);
}

// --- LIST, GETKEYS --------------------------------------------------------------------------------------------------

bool is_in(const Command& command, std::string_view category) {
  const auto names = category_names(command);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return is_word(category, std::string_view(name).substr(1)); });
}

void command_list(Call& call) {
  enum class By : std::uint8_t { kNothing, kModule, kCategory, kPattern };
  By by = By::kNothing;
  if (call.size() == 5 && is_word(call[2], "filterby")) {
    if (is_word(call[3], "module")) by = By::kModule;
    if (is_word(call[3], "aclcat")) by = By::kCategory;
    if (is_word(call[3], "pattern")) by = By::kPattern;
  }
  if (call.size() != 2 && by == By::kNothing) return reply_syntax_error(call);
  std::vector<std::string_view> names;
  const auto consider = [&](const Place& place) {
    const bool wanted = by == By::kNothing || (by == By::kCategory && is_in(*place.command, call[4])) ||
                        (by == By::kPattern && commands::glob_matches(call[4], place.full_name));
    if (wanted) names.push_back(place.full_name);
  };
  for (const Place& place : CommandTable::instance().commands()) {
    consider(place);
    if (by == By::kNothing) continue;
    for (const Place& sub : place.subcommands) consider(sub);
  }
  call.reply.array(names.size());
  for (const std::string_view name : names) call.reply.bulk(name);
}

void command_getkeys(Call& call) {
  const auto line = call.from(2);
  const Place* place = CommandTable::instance().find(line[0]);
  if (place != nullptr && !place->subcommands.empty() && line.size() > 1) place = place->subcommand(line[1]);
  if (place == nullptr) return call.reply.error("ERR Invalid command specified");
  if (place->command->keys.first == 0) return call.reply.error("ERR The command has no key arguments");
  if (!place->command->fits(line.size()))
    return call.reply.error("ERR Invalid number of arguments specified for command");
  const auto keys = keys_of(*place->command, line);
  call.reply.array(keys.size());
  for (const std::string_view key : keys) call.reply.bulk(key);
}

constexpr Group kServer = Group::kServer;
constexpr std::uint32_t kPlain = kLoading | kStale;
constexpr Command kSubcommands[] = {
    {"count", 2, kPlain, {}, kServer, "2.8.13", "", "Counts the commands", command_count},
    {"docs", -2, kPlain, {}, kServer, "7.0.0", "[command ...]", "Describes commands for people", command_docs},
    {"getkeys",
     -4,
     kPlain,
     {},
     kServer,
     "2.8.13",
     "command [arg ...]",
     "Lists the keys in a command line",
     command_getkeys},
    {"help", 2, kPlain, {}, kServer, "5.0.0", "", "Lists the subcommands", reply_help},
    {"info", -2, kPlain, {}, kServer, "2.8.13", "[command ...]", "Describes commands for programs", command_info},
    {"list",
     -2,
     kPlain,
     {},
     kServer,
     "7.0.0",
     "[FILTERBY MODULE name | ACLCAT category | PATTERN pattern]",
     "Lists the names of commands",
     command_list},
};
constexpr Command kCommands[] = {
    {"command",
     -1,
     kPlain,
     {},
     kServer,
     "2.8.13",
     "",
     "Describes all commands for programs",
     command_all,
     kSubcommands},
};

}  // namespace

std::span<const Command> introspection_commands() { return kCommands; }

}  // namespace larder::endpoint

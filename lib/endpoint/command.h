// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What a command is: one row of one table. The table serves dispatch, COMMAND and its subcommands, statistics, and the
// list in docs/endpoint.md. A row names a handler, a small function: it reads its arguments, calls the cache, and
// writes exactly one reply.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "endpoint/reply_writer.h"
#include "larder/cache.h"
#include "larder/read_view.h"

namespace larder::endpoint {

struct Blocking;
struct Command;
class Service;
struct Session;

// One command being run.
struct Call {
  const Command& command;                       // of a subcommand, its own row
  std::span<const std::string_view> arguments;  // the command's name comes first
  ReplyWriter& reply;
  Cache& cache;    // as a whole
  Commands& keys;  // for what writes keys: the cache's, or those of a transaction that EXEC runs
  ReadView& view;  // for what reads
  // Null where the command runs on another thread: see kOffLoop.
  Session* session;
  Service* service;
  // Null where a command that would wait does not: see blocked_command.h.
  Blocking* blocking = nullptr;

  std::string_view operator[](std::size_t i) const noexcept { return arguments[i]; }
  std::size_t size() const noexcept { return arguments.size(); }
  std::span<const std::string_view> from(std::size_t first) const noexcept { return arguments.subspan(first); }
};
using Handler = void (*)(Call& call);

enum class Group : std::uint8_t {
  kString,
  kGeneric,
  kBitmap,
  kHash,
  kList,
  kSet,
  kSortedSet,
  kTransactions,
  kConnection,
  kServer
};
std::string_view to_string(Group group) noexcept;

// As COMMAND shows them, and, from kOffLoop on, our own.
enum Flag : std::uint32_t {
  kWrite = 1,
  kReadOnly = 2,
  kDenyOom = 4,
  kAdmin = 8,
  kNoScript = 16,
  kLoading = 32,
  kStale = 64,
  kFast = 128,
  kNoAuth = 256,  // may be run before AUTH
  kAllowBusy = 512,
  kDangerous = 1024,   // @dangerous, beside what kAdmin implies
  kOffLoop = 2048,     // may take long: runs on another thread, while other connections go on. Sees no session
  kChanges = 4096,     // writes no key, and changes the cache all the same: refused where the endpoint only reads
  kDebug = 8192,       // only where the option debug_commands is set
  kNotQueued = 16384,  // runs at once, also between MULTI and EXEC
  kNoMulti = 32768,    // may not be queued
  kExecutes = 65536,   // EXEC
  kBlocks = 131072,    // may wait for its keys, as COMMAND shows it
};

// Which arguments are keys; last counts from the end if negative. No keys: first is 0.
struct KeyPositions {
  int first = 0;
  int last = 0;
  int step = 0;
  int count_at = 0;  // of the argument that says how many more keys stand behind it; 0: there is none
};

struct Command {
  std::string_view name;  // in lower case; of a subcommand, the second word
  int arity;              // with the name; negative: at least so many
  std::uint32_t flags;
  KeyPositions keys;
  Group group;
  std::string_view since;    // the version of Redis
  std::string_view syntax;   // the arguments, for people
  std::string_view summary;  // for people
  Handler handler;           // null: it has subcommands, and is none by itself
  std::span<const Command> subcommands = {};

  bool names_keys() const noexcept { return keys.first != 0 || keys.count_at != 0; }
  bool has(std::uint32_t flag) const noexcept { return (flags & flag) != 0; }
  bool fits(std::size_t arguments) const noexcept {
    return arity >= 0 ? arguments == static_cast<std::size_t>(arity) : arguments >= static_cast<std::size_t>(-arity);
  }
};

// The families. Static storage.
std::span<const Command> string_commands();
std::span<const Command> key_commands();
std::span<const Command> bit_commands();
std::span<const Command> hash_commands();
std::span<const Command> list_commands();
std::span<const Command> set_commands();
std::span<const Command> sorted_set_commands();
std::span<const Command> blocking_commands();
std::span<const Command> transaction_commands();
std::span<const Command> connection_commands();
std::span<const Command> client_commands();
std::span<const Command> introspection_commands();
std::span<const Command> server_commands();

}  // namespace larder::endpoint

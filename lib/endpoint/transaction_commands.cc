// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
#include <algorithm>
#include <utility>

#include "endpoint/arguments.h"
#include "endpoint/service.h"

namespace larder::endpoint {
namespace {

// As many keys as one transaction may name.
constexpr std::size_t kWatchedMax = 1'024;

void multi(Call& call) {
  if (call.session->queue != nullptr) return call.reply.error("ERR MULTI calls can not be nested");
  call.session->queue = std::make_unique<CommandQueue>();
  call.reply.ok();
}

void exec(Call& call) {
  Session& session = *call.session;
  if (session.queue == nullptr) return call.reply.error("ERR EXEC without MULTI");
  const std::unique_ptr<CommandQueue> queue = std::move(session.queue);
  const std::vector<Watched> watched = std::exchange(session.watched, {});
  if (queue->is_spoiled()) return call.reply.error("EXECABORT Transaction discarded because of previous errors.");
  queue->answer(call, watched);
}

void discard(Call& call) {
  if (call.session->queue == nullptr) return call.reply.error("ERR DISCARD without MULTI");
  call.session->leave_transaction();
  call.reply.ok();
}

void watch(Call& call) {
  Session& session = *call.session;
  if (session.queue != nullptr) return call.reply.error("ERR WATCH inside MULTI is not allowed");
  for (const std::string_view key : call.from(1)) {
    const bool known =
        std::any_of(session.watched.begin(), session.watched.end(), [&](const Watched& one) { return one.key == key; });
    if (known) continue;
    if (session.watched.size() == kWatchedMax) return call.reply.error("ERR at most 1,024 keys may be watched");
    const Result<Version> version = call.view.version(key);
    if (!version.ok()) return reply_error(call, version.status());
    session.watched.push_back({std::string(key), *version});
  }
  call.reply.ok();
}

void unwatch(Call& call) {
  call.session->watched.clear();
  call.reply.ok();
}

constexpr Group kTransactions = Group::kTransactions;
constexpr std::uint32_t kPlain = kNoScript | kLoading | kStale | kFast | kAllowBusy;
constexpr Command kCommands[] = {
    {"discard", 1, kPlain | kNotQueued, {}, kTransactions, "2.0.0", "", "Forgets what was queued", discard},
    {"exec",
     1,
     kNoScript | kLoading | kStale | kNotQueued | kExecutes,
     {},
     kTransactions,
     "1.2.0",
     "",
     "Runs what was queued, at one instant",
     exec},
    {"multi", 1, kPlain | kNotQueued, {}, kTransactions, "1.2.0", "", "From now on commands are queued", multi},
    {"unwatch", 1, kPlain, {}, kTransactions, "2.2.0", "", "Forgets what was watched", unwatch},
    {"watch",
     -2,
     kPlain | kNotQueued,
     {1, -1, 1},
     kTransactions,
     "2.2.0",
     "key [key ...]",
     "EXEC is to run nothing if one of these changes",
     watch},
};

}  // namespace

std::span<const Command> transaction_commands() { return kCommands; }

}  // namespace larder::endpoint

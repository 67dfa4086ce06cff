// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/command_queue.h"

#include <uv.h>

#include <algorithm>
#include <new>

#include "endpoint/arguments.h"
#include "endpoint/service.h"

namespace larder::endpoint {

std::size_t CommandQueue::bytes_for(Arguments arguments) noexcept {
  return sizeof(Queued) + arguments.size_bytes() + OwnedArguments::bytes_of(arguments);
}

void CommandQueue::add(const CommandTable::Place& place, Arguments arguments) {
  commands_.emplace_back(place, arguments);
  bytes_ += bytes_for(arguments);
}

bool CommandQueue::off_loop(const Service& service) const noexcept {
  return std::any_of(commands_.begin(), commands_.end(),
                     [&](const Queued& queued) { return service.off_loop(queued.place); });
}

template <typename Run>
bool CommandQueue::timed(Service& service, Queued& queued, Run&& run) {
  const std::uint64_t begun = uv_hrtime();
  run();
  queued.took_us = (uv_hrtime() - begun) / 1000;
  replies_ += queued.output.copied();
  return replies_ <= service.limits().output_bytes_max;
}

void CommandQueue::run(Service& service, std::span<const Watched> watched, int protocol) {
  has_run_ = true;
  for (Queued& queued : commands_) queued.reply.emplace(queued.output, protocol);
  try {
    status_ = run_keys(service, watched);
    for (Queued& queued : commands_) {
      if (!status_.ok() || queued.names_keys() || !queued.place.command->has(kOffLoop)) continue;
      timed(service, queued, [&] { service.run(queued.place, nullptr, queued.arguments(), *queued.reply); });
    }
  } catch (const std::bad_alloc&) {
    lacks_memory_ = true;
  }
}

Status CommandQueue::run_keys(Service& service, std::span<const Watched> watched) {
  std::vector<std::string_view> keys;
  bool writes = false;
  for (const Queued& queued : commands_) {
    writes |= queued.names_keys() && queued.place.command->has(kWrite);
    for (const std::string_view key : keys_of(*queued.place.command, queued.arguments())) keys.push_back(key);
  }
  std::vector<Unchanged> unchanged;
  for (const Watched& one : watched) unchanged.push_back({one.key, one.version});
  if (keys.empty() && unchanged.empty()) return {};
  const auto run_all = [&](auto&& run_one) -> Status {
    for (Queued& queued : commands_) {
      if (!queued.names_keys() || timed(service, queued, [&] { run_one(queued); })) continue;
      return {ErrorCode::kInvalidArgument, "the replies of this transaction are more than may wait for a client"};
    }
    return {};
  };
  if (service.looks_past_store() && !writes) {  // a transaction would load what it names
    if (Status status = service.check_unchanged(unchanged); !status.ok()) return status;
    return run_all([&](Queued& queued) { service.run(queued.place, nullptr, queued.arguments(), *queued.reply); });
  }
  return service.cache().atomically(KeyList(keys), unchanged, [&](Transaction& transaction) {
    return run_all(
        [&](Queued& queued) { service.run_in(transaction, queued.place, queued.arguments(), *queued.reply); });
  });
}

void CommandQueue::answer(Call& call, std::span<const Watched> watched) {
  Service& service = *call.service;
  if (!has_run_) run(service, watched, call.session->protocol);
  if (lacks_memory_) return call.reply.error("OOM there is no memory for this transaction");
  if (status_.code() == ErrorCode::kConflict) return call.reply.null_array();
  if (!status_.ok()) return reply_error(call, status_);
  Output all;
  for (Queued& queued : commands_) {
    if (queued.reply->replies() == 0 && replies_ <= service.limits().output_bytes_max) {
      timed(service, queued, [&] { service.run(queued.place, call.session, queued.arguments(), *queued.reply); });
    }
    service.account(queued.place, *call.session, queued.arguments(), queued.took_us, *queued.reply);
  }
  // Without memory, or room, one is not whole: then nothing that comes behind it would be understood.
  for (Queued& queued : commands_) {
    if (!queued.is_answered()) return call.reply.array(1);
    all.append(std::move(queued.output));
  }
  call.reply.array(commands_.size(), std::move(all));
}

}  // namespace larder::endpoint

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "commands/ends.h"

namespace larder::commands {

using keyspace::Change;

Status read_end(keyspace::Environment& environment, const std::optional<Milliseconds>& ttl,
                const std::optional<UnixTime>& expires_at, bool keep, Change::End otherwise, Change* change) {
  if (int{ttl.has_value()} + int{expires_at.has_value()} + int{keep} > 1) {
    return {ErrorCode::kInvalidArgument, "at most one of ttl, expires_at, and keeping or removing it"};
  }
  change->end = otherwise;
  if (keep) change->end = Change::End::kKeep;
  if (!ttl && !expires_at) return {};
  if (expires_at && expires_at->time_since_epoch().count() <= 0) {
    return {ErrorCode::kInvalidExpireTime, "an absolute expire time must be after 1970"};
  }
  const Result<std::uint64_t> end = ttl ? environment.deadline_in(ttl->count() > 0 ? environment.jittered(*ttl) : *ttl)
                                        : environment.deadline_at(expires_at->time_since_epoch().count());
  if (!end) return end.status();
  change->end = Change::End::kSet;
  change->ends_at = *end;
  return {};
}

}  // namespace larder::commands

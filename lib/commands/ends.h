// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// When a key ends, as the options of commands say it.
#pragma once

#include "keyspace/keyspace.h"
#include "larder/strings.h"

namespace larder::commands {

// At most one of them may be given. On success `change` says what becomes of the key's end.
Status read_end(keyspace::Environment& environment, const std::optional<Milliseconds>& ttl,
                const std::optional<UnixTime>& expires_at, bool keep, keyspace::Change::End otherwise,
                keyspace::Change* change);

}  // namespace larder::commands

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What INFO and CONFIG GET call an eviction policy.
#pragma once

#include <string>
#include <string_view>

namespace larder::stats {

// "lru" is "allkeys-lru", "lru-ttl" is "volatile-lru", "none" is "noeviction", and so on with policies that Redis does
// not have; parameters stay. One of the user's own is what it is called.
std::string redis_policy_name(std::string_view policy);

}  // namespace larder::stats

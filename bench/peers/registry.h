// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Which peers this build has. One whose library was not found when the build was configured is left out and named.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/peers/contender.h"

namespace larder::bench {

inline constexpr std::string_view kBaseline = "sharded-lru";
inline constexpr std::string_view kDefaultLarder = "larder";  // with default options

// Names in the order of reports, the baseline first.
std::vector<std::string> default_peers();
// Those that run when named: each of Larder's policies, the loop alone.
std::vector<std::string> further_peers();
// Of those, Larder with each of its policies: "larder-s3-fifo" and so on.
std::vector<std::string> policy_peers();
// "absl-flat-map: no absl here" and the like.
std::vector<std::string> missing_peers();

// Null for a name that is in neither list.
std::unique_ptr<Contender> make_peer(std::string_view name);

// Each in a file of its own.
std::unique_ptr<Contender> make_sharded_lru();
std::unique_ptr<Contender> make_absl_flat_map();
std::unique_ptr<Contender> make_boost_flat_map();
std::unique_ptr<Contender> make_rocksdb_lru();
std::unique_ptr<Contender> make_rocksdb_hyper_clock();
// Entries' time to live: a day, whose timer is filed when it comes near, or half a minute, whose timer is filed at
// once.
enum class Ttl : std::uint8_t { kNone, kDay, kSeconds };
std::unique_ptr<Contender> make_larder(const std::string& name, const std::string& policy, Ttl ttl);
std::unique_ptr<Contender> make_no_cache();

}  // namespace larder::bench

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// CONFIG: settings by Redis's names. Some are those of the cache and the endpoint; others, which tools and tests ask
// for or set, are only remembered.
//
// Thread safety: none.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/status.h"

namespace larder::endpoint {

class Service;

class Config {
 public:
  using Setting = std::pair<std::string, std::string>;

  Config();
  // Those whose names match one of the patterns.
  std::vector<Setting> get(Service& service, std::span<const std::string_view> patterns) const;
  // All of them or none. `which` becomes the name that is to blame; empty if it is no known name.
  Status set(Service& service, std::span<const std::pair<std::string_view, std::string_view>> settings,
             std::string* which);

 private:
  std::map<std::string, std::string, std::less<>> kept_;  // what is only remembered
};

// "100mb", "1g", "512": bytes, as Redis reads them; also "100MiB", which is what Redis means by 100mb. In any case.
std::optional<std::uint64_t> parse_memory(std::string_view text);

}  // namespace larder::endpoint

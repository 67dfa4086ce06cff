// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Several caches that are used in the same way, one of which is advised.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/cache_fixture.h"

namespace larder {

class SeveralCaches : public support::CacheFixture {
 protected:
  // As a program does: what is not there is stored.
  void use(const std::string& key, std::size_t bytes, std::optional<Milliseconds> ttl = {}) {
    for (Cache* cache : caches_) {
      if (cache->get(key)) continue;
      ASSERT_TRUE(cache->set(key, std::string(bytes, 'x'), {.ttl = ttl}).ok());
    }
  }
  std::uint64_t skewed(std::uint64_t most) { return random_.below(1 + random_.below(1 + random_.below(most))); }

  std::vector<Cache*> caches_;
  base::Random random_{1};
};

}  // namespace larder

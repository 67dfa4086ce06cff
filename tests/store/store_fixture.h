// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Caches with a scripted store behind.
#pragma once

#include "support/cache_fixture.h"
#include "support/scripted_store.h"

namespace larder::store {

using support::Fault;
using support::ScriptedStore;
using namespace std::chrono_literals;

class StoreFixture : public support::CacheFixture {
 protected:
  Options with_store(StoreOptions options = {}) {
    options.backing = store_;
    Options all;
    all.store = options;
    return all;
  }
  UnixTime in(Milliseconds time) { return UnixTime(clock_.unix_time() + time); }

  std::shared_ptr<ScriptedStore> store_ = std::make_shared<ScriptedStore>();
  Cache& stored_ = make(with_store());
};

}  // namespace larder::store

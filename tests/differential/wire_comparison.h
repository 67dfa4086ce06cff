// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The same bytes to an endpoint and to a real redis-server, whose replies must be the same bytes.
//
// Not compared: the order of KEYS and SCAN, which key RANDOMKEY takes. Times to live may differ by a minute. With a
// store behind the cache, nor is what sees resident keys only, and OBJECT ENCODING: what a collection once was is not
// stored.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "larder/endpoint.h"
#include "servers/redis_server.h"
#include "servers/wire_client.h"
#include "support/scripted_store.h"

namespace larder::differential {

using Words = std::vector<std::string>;

// Bytes for reading.
std::string printable_words(const Words& words);

// A store that the cache has behind it, and what happens to both between commands.
struct Behind {
  std::shared_ptr<support::ScriptedStore> store;
  Options options;  // with the store
  std::function<void(Cache&)> before_step = [](Cache&) {};
};

class WireComparison {
 public:
  // REQUIRES: protocol is 2 or 3.
  explicit WireComparison(int protocol, Behind behind = {});

  // Empty, or what keeps it from running.
  const std::string& failure() const { return failure_; }
  // Empties both.
  void clear();
  // What differs; empty: nothing.
  std::string step(const Words& words);
  // Every key of both, with its value and its end.
  std::string check_state();

 private:
  std::string differ(const Words& words, const std::string& redis, const std::string& larder) const;
  std::string compare(const Words& words, const std::string& redis, const std::string& larder) const;
  std::string compare_transactions(const std::string& redis, const std::string& larder);
  void let_past_ends_pass(const Words& words);
  std::string walk(const Words& words);
  std::string pop_random(const Words& words);
  std::string check_key(const std::string& key);

  const Behind behind_;
  servers::TemporaryFolder folder_{"wire"};
  Cache cache_;
  std::unique_ptr<Endpoint> endpoint_;
  std::string failure_;
  std::optional<servers::WireClient> redis_;
  std::optional<servers::WireClient> larder_;
  std::optional<servers::WireClient> other_redis_;
  std::optional<servers::WireClient> other_larder_;
  std::vector<Words> queued_;  // between MULTI and EXEC
};

// Runs the lines on an empty pair of servers. If they differ: how, with as few lines as show it; empty otherwise.
std::string compare_and_explain(WireComparison& comparison, std::vector<Words> lines);

}  // namespace larder::differential

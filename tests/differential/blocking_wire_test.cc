// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands that wait, of several clients, to an endpoint and to a real redis-server: after each step the same clients
// must have got the same replies.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "differential/collection_lines.h"
#include "differential/wire_comparison.h"
#include "larder/cache.h"
#include "larder/endpoint.h"
#include "servers/redis_server.h"
#include "servers/wire_client.h"
#include "support/depth.h"

namespace larder::differential {
namespace {

using servers::WireClient;

constexpr std::size_t kClients = 5;

// One of the two servers, and its clients.
class Side {
 public:
  Side(const std::string& path, int protocol) : control_(path) {
    for (std::size_t i = 0; i < kClients; ++i) {
      clients_.emplace_back(path);
      clients_.back().call({"HELLO", std::to_string(protocol)});
      const std::string id = clients_.back().call({"CLIENT", "ID"});
      ids_.push_back(id.substr(1, id.find('\r') - 1));
    }
  }

  void send(std::size_t client, const Words& words) { clients_[client].send(servers::request(words)); }
  // The same, and waits for the reply to what does not wait itself.
  void run(std::size_t client, const Words& words) {
    send(client, words);
    if (words[0][0] != 'B') answered_[client] = clients_[client].reply();
  }
  // The replies that have come to each client, when all that was sent has been seen to.
  std::array<std::string, kClients> replies() {
    // Each goes through the server's loop once more.
    for (int i = 0; i < 3; ++i) control_.call({"PING"});
    std::array<std::string, kClients> all;
    for (std::size_t i = 0; i < kClients; ++i) {
      all[i] = std::exchange(answered_[i], {});
      while (clients_[i].has_reply()) all[i] += clients_[i].reply();
    }
    return all;
  }
  std::string call(const Words& words) { return control_.call(words); }
  const std::string& id(std::size_t client) const { return ids_[client]; }

 private:
  WireClient control_;
  std::vector<WireClient> clients_;
  std::vector<std::string> ids_;
  std::array<std::string, kClients> answered_;
};

class BlockingWire : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const servers::RedisServer& server = servers::RedisServer::instance();
    ASSERT_EQ(server.failure(), "");
    EndpointOptions options;
    options.unix_socket = folder_.path() + "/larder.sock";
    options.read_only = false;
    options.reads = EndpointOptions::Reads::kMark;
    auto endpoint = Endpoint::start(cache_, options);
    ASSERT_TRUE(endpoint) << endpoint.status().to_string();
    endpoint_ = *std::move(endpoint);
    redis_ = std::make_unique<Side>(server.socket_path(), GetParam());
    larder_ = std::make_unique<Side>(options.unix_socket, GetParam());
  }
  void TearDown() override { EXPECT_EQ(cache_.check_invariants().to_string(), "ok"); }

  // What the clients got; a failure if it is not the same.
  std::array<std::string, kClients> step(std::size_t client, const Words& words) {
    history_ += std::to_string(client) + ": " + printable_words(words) + "\n";
    redis_->run(client, words);
    const auto redis = redis_->replies();
    larder_->run(client, words);
    const auto larder = larder_->replies();
    for (std::size_t i = 0; i < kClients; ++i)
      EXPECT_EQ(redis[i], larder[i]) << "client " << i << " after\n" << history_;
    return larder;
  }
  void clear() {
    history_.clear();
    for (Side* side : {&*redis_, &*larder_}) {
      for (std::size_t i = 0; i < kClients; ++i) side->call({"CLIENT", "UNBLOCK", side->id(i)});
      side->call({"FLUSHALL"});
      side->replies();
    }
  }

  servers::TemporaryFolder folder_{"wire"};
  Cache cache_{Options{.max_memory = 0}};
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<Side> redis_;
  std::unique_ptr<Side> larder_;
  std::string history_;
};

// Of what several clients do to a few keys.
class StepMaker {
 public:
  explicit StepMaker(std::uint64_t seed) : choices_(seed) {}

  std::size_t client() { return choices_.below(kClients); }
  Words next() {
    const std::string item = "i" + std::to_string(next_item_++);
    switch (choices_.below(26)) {
      case 0:
      case 1:
      case 2: return waiting({choices_.one_of<std::string>({"BLPOP", "BRPOP"})}, false);
      case 3: return waiting({choices_.one_of<std::string>({"BZPOPMIN", "BZPOPMAX"})}, false);
      // Nobody waits for "d": of two clients that an element wakes one after the other Redis may take another one
      // first.
      case 4: return {"BLMOVE", key(), "d", end(), end(), timeout()};
      case 5: return {"BRPOPLPUSH", key(), "d", timeout()};
      case 6: return waiting({"BLMPOP"}, true);
      case 7: return waiting({"BZMPOP"}, true);
      case 8:
      case 9:
      case 10: return {"RPUSH", key(), item};
      case 11: return {"LPUSH", key(), item, item + "b", item + "c"};
      case 12:
      case 13: return {"ZADD", key(), std::to_string(choices_.below(9)), item};
      case 14: return {"ZADD", key(), "1", item, "2", item + "b", "1", item + "c"};
      case 15: return {"LMOVE", choices_.one_in(3) ? "d" : key(), key(), end(), end()};
      case 16: return {"RENAME", key(), key()};
      case 17: return {"COPY", key(), key(), "REPLACE"};
      case 18: return {choices_.one_of<std::string>({"LPOP", "ZPOPMIN", "DEL"}), key()};
      case 19: return {"SET", key(), item};
      // To Redis a sorted set in the place of a list is nothing new, so "z" is always one.
      case 20: return {"ZUNIONSTORE", "z", "2", key(), key()};
      case 21: return {"LLEN", key()};
      default: return {choices_.one_of<std::string>({"RPUSH", "LPUSH"}), key(), item};
    }
  }

 private:
  std::string key() { return "k" + std::to_string(choices_.below(3)); }
  std::string end() { return choices_.one_of<std::string>({"LEFT", "RIGHT"}); }
  std::string timeout() {
    return choices_.one_in(8) ? choices_.one_of<std::string>({"-1", "x", "1e30", "inf", "nan", "0x", ""}) : "0";
  }
  Words waiting(Words words, bool counted) {
    if (counted) words.push_back(timeout());
    const std::size_t count = 1 + choices_.below(2);
    if (counted) words.push_back(choices_.one_in(10) ? choices_.number() : std::to_string(count));
    const bool sorted = words[0][1] == 'Z';
    for (std::size_t i = 0; i < count; ++i) words.push_back(sorted && choices_.one_in(3) ? "z" : key());
    if (!counted) {
      words.push_back(timeout());
      return words;
    }
    words.push_back(!sorted ? end() : choices_.one_of<std::string>({"MIN", "MAX"}));
    if (choices_.one_in(2)) words.insert(words.end(), {"COUNT", choices_.one_in(8) ? "0" : "2"});
    return words;
  }

  LineChoices choices_;
  int next_item_ = 0;
};

TEST_P(BlockingWire, SeveralClients) {
  std::uint64_t sequences = support::count(20, 1'500);
  const std::uint64_t first = support::seed(1);
  if (support::seed_is_given()) sequences = 1;
  for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
    clear();
    StepMaker maker(seed);
    std::array<bool, kClients> waits{};
    for (int i = 0; i < 150 && !HasFailure(); ++i) {
      std::size_t client = maker.client();
      if (waits[client]) client = 0;  // it never waits
      Words words = maker.next();
      if (client == 0 && words[0][0] == 'B') words = {"LLEN", "k0"};
      waits[client] = true;
      const auto replies = step(client, words);
      for (std::size_t n = 0; n < kClients; ++n) waits[n] = waits[n] && replies[n].empty();
    }
    ASSERT_FALSE(HasFailure()) << support::how_to_repeat(seed);
  }
}

TEST_P(BlockingWire, WithinExecTheyDoNotWait) {
  clear();
  for (const Words& words : std::vector<Words>{{"MULTI"},
                                               {"BLPOP", "a", "b", "0"},
                                               {"BLMOVE", "a", "b", "LEFT", "LEFT", "0"},
                                               {"BRPOPLPUSH", "a", "b", "0"},
                                               {"BLMPOP", "0", "1", "a", "LEFT"},
                                               {"BZPOPMIN", "a", "0"},
                                               {"BZMPOP", "0", "1", "a", "MIN"},
                                               {"RPUSH", "a", "x"},
                                               {"BLPOP", "a", "b", "0"},
                                               {"EXEC"}}) {
    step(1, words);
  }
}

TEST_P(BlockingWire, TimeAndUnblock) {
  clear();
  step(1, {"BLPOP", "a", "0"});
  step(2, {"BLMOVE", "a", "b", "LEFT", "LEFT", "0"});
  step(3, {"BZMPOP", "0", "1", "a", "MIN"});
  for (const auto& [client, how] : std::vector<std::pair<std::size_t, std::string>>{
           {1, "TIMEOUT"}, {2, "ERROR"}, {3, "TIMEOUT"}, {1, "TIMEOUT"}, {4, "ERROR"}}) {
    std::array<std::string, 2> answers;
    for (std::size_t i = 0; i < 2; ++i) {
      Side& side = i == 0 ? *redis_ : *larder_;
      answers[i] = side.call({"CLIENT", "UNBLOCK", side.id(client), how});
    }
    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_EQ(redis_->replies(), larder_->replies());
  }
  for (const Words& words : std::vector<Words>{
           {"BLPOP", "a", "0.01"}, {"BLMOVE", "a", "b", "LEFT", "LEFT", "0.01"}, {"BZPOPMAX", "a", ".01"}}) {
    WireClient one(servers::RedisServer::instance().socket_path());
    WireClient other(folder_.path() + "/larder.sock");
    for (WireClient* client : {&one, &other}) client->call({"HELLO", std::to_string(GetParam())});
    EXPECT_EQ(one.call(words), other.call(words)) << words[0];
  }
}

// What a client sends while it waits runs when it has its answer.
TEST_P(BlockingWire, APipelineGoesOnBehindIt) {
  clear();
  for (Side* side : {&*redis_, &*larder_}) {
    side->send(1, {"BLPOP", "a", "0"});
    side->send(1, {"ECHO", "behind"});
    side->send(1, {"BLPOP", "a", "0"});
    side->send(1, {"PING"});
  }
  EXPECT_EQ(redis_->replies(), larder_->replies());
  step(2, {"RPUSH", "a", "x"});
  step(2, {"RPUSH", "a", "y", "z"});
}

INSTANTIATE_TEST_SUITE_P(Protocols, BlockingWire, testing::Values(2, 3));

}  // namespace
}  // namespace larder::differential

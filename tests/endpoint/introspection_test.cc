// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What tools ask: INFO, CONFIG, CLIENT, COMMAND, SLOWLOG, OBJECT, MEMORY.
#include <gtest/gtest.h>

#include "endpoint/command_table.h"
#include "endpoint/endpoint_fixture.h"
#include "support/wait_until.h"

namespace larder::endpoint {
namespace {

class Introspection : public EndpointFixture {
 protected:
  void SetUp() override { start(); }
  // A setting's value.
  std::string setting(const std::string& name) {
    const std::string reply = call({"CONFIG", "GET", name});
    const std::string head = "*2\r\n" + bulk(name);
    EXPECT_TRUE(reply.starts_with(head)) << reply;
    const std::size_t at = reply.find("\r\n", head.size()) + 2;
    return reply.substr(at, reply.size() - at - 2);
  }
};

TEST_F(Introspection, InfoHasTheFieldsThatToolsRead) {
  call({"SET", "k", "v"});
  call({"GET", "k"});
  call({"GET", "absent"});
  call({"FOO"});
  const std::string text = call({"INFO", "everything"});
  for (const char* field : {"# Server\r\nredis_version:7.0.15\r\n",
                            "redis_mode:standalone",
                            "process_id:",
                            "tcp_port:",
                            "uptime_in_seconds:",
                            "# Clients\r\nconnected_clients:1\r\n",
                            "blocked_clients:0",
                            "# Memory\r\nused_memory:",
                            "used_memory_human:",
                            "used_memory_rss:",
                            "maxmemory:268435456",
                            "maxmemory_policy:allkeys-adaptive",
                            "# Persistence\r\nloading:0\r\n",
                            "# Stats\r\ntotal_connections_received:5",
                            "total_commands_processed:3",
                            "instantaneous_ops_per_sec:",
                            "evicted_keys:0",
                            "expired_keys:0",
                            "keyspace_hits:1",
                            "keyspace_misses:1",
                            "# Replication\r\nrole:master",
                            "# CPU\r\nused_cpu_sys:",
                            "# Commandstats\r\n",
                            "cmdstat_get:calls=2,usec=",
                            "cmdstat_set:calls=1,",
                            "# Errorstats\r\nerrorstat_ERR:count=1",
                            "# Cluster\r\ncluster_enabled:0",
                            "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n",
                            "# Larder\r\nlarder_shards:"}) {
    EXPECT_NE(text.find(field), std::string::npos) << field << " is not in " << text;
  }
  // Each field once.
  EXPECT_EQ(text.find("\r\nmaxmemory:"), text.rfind("\r\nmaxmemory:"));
  EXPECT_EQ(call({"INFO"}).find("cmdstat_"), std::string::npos);
  EXPECT_EQ(call({"INFO", "clients", "CPU"}).find("# Memory"), std::string::npos);
  const std::string own = call({"INFO", "Larder"});
  EXPECT_NE(own.find("\r\n# Larder\r\nlarder_shards:"), std::string::npos) << own;
  EXPECT_NE(own.find("\r\nlarder_writes:1\r\n"), std::string::npos) << own;
  EXPECT_EQ(call({"INFO", "nothing"}), "$0\r\n\r\n");
  call({"CONFIG", "RESETSTAT"});
  EXPECT_EQ(call({"INFO", "commandstats"}).find("cmdstat_get"), std::string::npos);
}

TEST_F(Introspection, SettingsAreThoseOfTheCache) {
  EXPECT_EQ(call({"CONFIG", "SET", "maxmemory", "11mb", "maxmemory-policy", "allkeys-lru"}), kOk);
  EXPECT_EQ(cache_->stats().max_memory, 11_MiB);
  EXPECT_EQ(cache_->stats().policy, "lru");
  EXPECT_EQ(setting("maxmemory"), "11534336");
  EXPECT_EQ(setting("maxmemory-policy"), "allkeys-lru");
  for (const char* size : {"11MiB", "11mib", "11264KiB", "11MB"}) {
    EXPECT_EQ(call({"CONFIG", "SET", "maxmemory", "12mb"}), kOk);
    EXPECT_EQ(call({"CONFIG", "SET", "maxmemory", size}), kOk) << size;
    EXPECT_EQ(setting("maxmemory"), "11534336") << size;
  }
  // All or nothing.
  EXPECT_TRUE(call({"CONFIG", "SET", "maxmemory", "20mb", "maxmemory-policy", "None-such"})
                  .starts_with("-ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - no eviction "
                               "policy \"none-such\": there are adaptive, s3-fifo,"));
  EXPECT_EQ(setting("maxmemory"), "11534336");
  EXPECT_TRUE(call({"CONFIG", "SET", "maxmemory", "1kb"}).starts_with("-ERR CONFIG SET failed"));
  EXPECT_EQ(call({"CONFIG", "SET", "slowlog-max-len", "5", "timeout", "60", "maxclients", "500"}), kOk);
  EXPECT_EQ(setting("timeout"), "60");
  EXPECT_EQ(setting("maxclients"), "500");
  EXPECT_TRUE(call({"CONFIG", "SET", "port", "1"}).find("can't set immutable config") != std::string::npos);
  EXPECT_TRUE(call({"CONFIG", "SET", "appendonly", "yes"}).starts_with("-ERR"));
}

TEST_F(Introspection, OtherKnownSettingsAreRemembered) {
  EXPECT_EQ(call({"CONFIG", "SET", "hash-max-listpack-entries", "7", "notify-keyspace-events", "KEA"}), kOk);
  EXPECT_EQ(setting("hash-max-listpack-entries"), "7");
  EXPECT_EQ(setting("hash-max-ziplist-entries"), "7") << "the old name of the same";
  EXPECT_EQ(setting("notify-keyspace-events"), "KEA");
  EXPECT_EQ(setting("save"), "");
}

TEST_F(Introspection, ClientsAreListedAndKilled) {
  WireClient one = client();
  WireClient two = client();
  EXPECT_EQ(one.call({"CLIENT", "SETNAME", "the_one"}), kOk);
  const std::string id = one.call({"CLIENT", "ID"});
  const std::string text = two.call({"CLIENT", "LIST"});
  EXPECT_NE(text.find("name=the_one "), std::string::npos) << text;
  EXPECT_NE(text.find("cmd=client|list "), std::string::npos) << text;
  EXPECT_EQ(two.call({"CLIENT", "KILL", "ID", id.substr(1, id.size() - 3)}), ":1\r\n");
  EXPECT_TRUE(one.is_closed());
  EXPECT_EQ(two.call({"CLIENT", "LIST"}).find("the_one"), std::string::npos);
  // Oneself: it is answered, then closed.
  WireClient tcp(endpoint_->port());
  const std::string mine = tcp.call({"CLIENT", "INFO"});
  const std::size_t at = mine.find(" addr=") + 6;
  EXPECT_EQ(tcp.call({"CLIENT", "KILL", mine.substr(at, mine.find(' ', at) - at)}), kOk);
  EXPECT_TRUE(tcp.is_closed());
}

TEST_F(Introspection, CommandsDescribeThemselves) {
  const auto commands = CommandTable::instance().commands();
  EXPECT_EQ(call({"COMMAND", "COUNT"}), ":" + std::to_string(commands.size()) + "\r\n");
  EXPECT_TRUE(call({"COMMAND"}).starts_with("*" + std::to_string(commands.size()) + "\r\n*10\r\n"));
  EXPECT_TRUE(call({"COMMAND", "DOCS"}).starts_with("*" + std::to_string(2 * commands.size()) + "\r\n"));
  EXPECT_TRUE(call({"COMMAND", "INFO", "get", "config|get", "none"}).starts_with("*3\r\n*10\r\n$3\r\nget\r\n:2\r\n"));
  EXPECT_EQ(call({"COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2"}), "*2\r\n" + bulk("a") + bulk("b"));
  EXPECT_EQ(call({"COMMAND", "GETKEYS", "OBJECT", "ENCODING", "k"}), "*1\r\n" + bulk("k"));
  EXPECT_EQ(call({"COMMAND", "LIST", "FILTERBY", "PATTERN", "setr*"}), "*1\r\n" + bulk("setrange"));
  EXPECT_TRUE(call({"CONFIG", "HELP"}).starts_with("*11\r\n+CONFIG <subcommand>"));
}

// A row is complete, and no name stands twice.
TEST(CommandTableTest, RowsAreWellFormed) {
  const auto check = [](const CommandTable::Place& place) {
    const Command& command = *place.command;
    EXPECT_FALSE(command.name.empty());
    EXPECT_EQ(CommandTable::instance().find(place.full_name.substr(0, place.full_name.find('|'))) == nullptr, false);
    EXPECT_NE(command.arity, 0) << place.full_name;
    EXPECT_FALSE(command.summary.empty()) << place.full_name;
    EXPECT_FALSE(command.since.empty()) << place.full_name;
    EXPECT_TRUE(command.handler != nullptr || !place.subcommands.empty()) << place.full_name;
    EXPECT_FALSE(command.has(kWrite) && command.has(kReadOnly)) << place.full_name;
    EXPECT_LE(command.keys.first, std::abs(command.arity)) << place.full_name;
  };
  const auto commands = CommandTable::instance().commands();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    check(commands[i]);
    for (const CommandTable::Place& sub : commands[i].subcommands) check(sub);
    if (i > 0) {
      EXPECT_LT(commands[i - 1].command->name, commands[i].command->name);
    }
  }
}

TEST_F(Introspection, SlowCommandsAreLogged) {
  EXPECT_EQ(call({"SLOWLOG", "LEN"}), ":0\r\n");
  EXPECT_EQ(call({"CONFIG", "SET", "slowlog-log-slower-than", "0"}), kOk);
  const std::string large(1'000, 'x');
  Words many{"MSET"};
  for (int i = 0; i < 100; ++i) many.push_back("k" + std::to_string(i));
  EXPECT_EQ(call({"SET", "k", large}), kOk);
  EXPECT_EQ(call(many), kOk);
  const std::string text = call({"SLOWLOG", "GET", "-1"});
  EXPECT_NE(text.find(bulk(std::string(128, 'x') + "... (872 more bytes)")), std::string::npos) << text;
  EXPECT_NE(text.find(bulk("... (70 more arguments)")), std::string::npos) << text;
  EXPECT_TRUE(call({"SLOWLOG", "GET", "1"}).starts_with("*1\r\n*6\r\n"));
  EXPECT_EQ(call({"CONFIG", "SET", "slowlog-log-slower-than", "-1"}), kOk);
  EXPECT_EQ(call({"SLOWLOG", "RESET"}), kOk);
  EXPECT_EQ(call({"SLOWLOG", "LEN"}), ":0\r\n");
}

TEST_F(Introspection, KeysAreLookedAtFromInside) {
  call({"SET", "n", "123"});
  call({"SET", "large", std::string(100'000, 'x')});
  EXPECT_EQ(call({"OBJECT", "ENCODING", "n"}), bulk("int"));
  EXPECT_EQ(call({"OBJECT", "ENCODING", "large"}), bulk("raw"));
  EXPECT_EQ(call({"OBJECT", "ENCODING", "absent"}), kNil);
  EXPECT_EQ(call({"OBJECT", "REFCOUNT", "n"}), ":1\r\n");
  EXPECT_TRUE(call({"OBJECT", "FREQ", "n"}).starts_with("-ERR An LFU maxmemory policy is not selected"));
  EXPECT_TRUE(call({"OBJECT", "IDLETIME", "n"}).starts_with("-ERR idle time not tracked"));
  const std::string usage = call({"MEMORY", "USAGE", "large", "SAMPLES", "0"});
  EXPECT_GT(std::stoul(usage.substr(1)), 100'000u);
  EXPECT_EQ(call({"MEMORY", "USAGE", "absent"}), kNil);
  EXPECT_EQ(call({"CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"}), kOk);
  EXPECT_EQ(call({"OBJECT", "FREQ", "n"}).substr(0, 1), ":");
  EXPECT_TRUE(call({"OBJECT", "IDLETIME", "n"}).starts_with("-ERR An LFU maxmemory policy is selected"));
  Options options;
  options.expiry.idle = std::chrono::hours(1);
  start(open_options(), options);
  call({"SET", "n", "123"});
  EXPECT_EQ(call({"OBJECT", "IDLETIME", "n"}), ":0\r\n");
}

}  // namespace
}  // namespace larder::endpoint

// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Redis's own tools, run against larder-server. LARDER_SERVER is its path.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "servers/server_process.h"
#include "servers/wire_client.h"

namespace larder::endpoint {
namespace {

using servers::ServerProcess;
using servers::WireClient;

struct Said {
  int status = -1;
  std::string text = {};
};

// What a command line says, and how it ends.
Said run(const std::string& line) {
  Said said;
  std::FILE* pipe = popen((line + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    said.text.append(buffer.data(), count);
  said.status = pclose(pipe);
  return said;
}

class Tools : public testing::Test {
 protected:
  void start(const std::vector<std::string>& options = {}) {
    servers::Command command{.words = {LARDER_SERVER, "--unixsocket", path_}, .ready = "ready to accept connections"};
    command.words.insert(command.words.end(), options.begin(), options.end());
    ASSERT_EQ(server_.start(command), "");
  }
  Said cli(const std::string& arguments) { return run("redis-cli -s " + path_ + " " + arguments); }
  void expect_says(const std::string& arguments, const std::vector<std::string>& parts) {
    const Said said = cli(arguments);
    EXPECT_EQ(said.status, 0) << arguments;
    for (const std::string& part : parts) {
      EXPECT_NE(said.text.find(part), std::string::npos) << arguments << ": no \"" << part << "\" in:\n" << said.text;
    }
  }
  void fill() {
    WireClient client(path_);
    for (std::size_t i = 0; i < 1'000; ++i)
      client.call({"SET", "key:" + std::to_string(i), std::string(i % 10 + 1, 'x')});
    client.call({"SET", "the:biggest", std::string(100'000, 'x')});
  }

  servers::TemporaryFolder folder_{"tools"};
  const std::string path_ = folder_.path() + "/larder.sock";
  ServerProcess server_;
};

TEST_F(Tools, RedisCliLooksIn) {
  start({"--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lfu"});
  fill();
  expect_says("--bigkeys", {"Sampled 1001 keys", "Biggest string found '\"the:biggest\"' has 100000 bytes"});
  expect_says("--memkeys", {"Sampled 1001 keys", "Biggest string found '\"the:biggest\"'"});
  expect_says("--hotkeys", {"Sampled 1001 keys", "hot key found with counter"});
  expect_says("--scan --pattern 'key:99*'", {"key:99\n", "key:990\n", "key:999\n"});
  expect_says("-3 GEOADD nothing 1 1 x", {"unknown command 'GEOADD'"});
  expect_says("-3 CONFIG GET maxmemory", {"maxmemory 67108864"});
  expect_says("INFO server", {"redis_version:7.0.15"});
  expect_says("--latency --raw -i 0.1", {});
  // It goes on for ever.
  const Said stat = run("timeout 0.5 stdbuf -oL redis-cli -s " + path_ + " --stat -i 0.02");
  EXPECT_NE(stat.text.find("keys       mem      clients"), std::string::npos) << stat.text;
  EXPECT_NE(stat.text.find("\n1001 "), std::string::npos) << stat.text;
}

TEST_F(Tools, RedisBenchmarkRuns) {
  start();
  for (const char* options : {"-t set,get,incr,mset,ping_inline,ping_mbulk", "-t set,get,incr,mset -P 16",
                              "-t set,get -3", "-t ping_mbulk -c 100"}) {
    const Said said = run("redis-benchmark -s " + path_ + " -n 2000 -q " + options);
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_NE(said.text.find("requests per second"), std::string::npos) << said.text;
    EXPECT_EQ(said.text.find("rror"), std::string::npos) << said.text;
  }
}

TEST_F(Tools, ThePortAndThePassword) {
  start({"--port", "0", "--requirepass", "secret", "--read-only"});
  WireClient client(path_);
  EXPECT_TRUE(client.call({"PING"}).starts_with("-NOAUTH"));
  EXPECT_EQ(client.call({"AUTH", "secret"}), "+OK\r\n");
  EXPECT_TRUE(client.call({"SET", "k", "v"}).starts_with("-READONLY"));
  const std::string port = client.call({"CONFIG", "GET", "port"});
  const auto number = static_cast<std::uint16_t>(std::stoi(port.substr(port.rfind("\r\n", port.size() - 3) + 2)));
  EXPECT_TRUE(WireClient(number).call({"PING"}).starts_with("-NOAUTH"));
}

TEST_F(Tools, EndsWhenItIsToldTo) {
  start();
  WireClient client(path_);
  EXPECT_EQ(client.call({"PING"}), "+PONG\r\n");
  server_.stop(SIGTERM);
  EXPECT_TRUE(client.is_closed());
  EXPECT_FALSE(WireClient(path_).connected());
}

TEST(LarderServer, SaysWhatIsWrongWithItsOptions) {
  const std::string server = LARDER_SERVER;
  EXPECT_EQ(run(server + " --help").status, 0);
  EXPECT_TRUE(run(server + " --version").text.starts_with("larder-server 0."));
  for (const auto& [line, part] :
       {std::pair{"--port", "--port needs N"},
        {"--port 70000", "--port is not a port"},
        {"--maxmemory lots", "--maxmemory is not a number of bytes"},
        {"--maxmemory-policy best", "--maxmemory-policy: no eviction policy \"best\": there are adaptive, s3-fifo,"},
        {"--maxmemory-policy lirs:hir=2", "lirs does not take \"hir=2\": it has the parameters hir=0.01"},
        {"--nonsense", "unknown option: --nonsense"},
        {"--bind 0.0.0.0",
         "allow_remote (--allow-remote) is not set; bind is no loopback address, and password (--requirepass)"},
        {"--maxmemory 1kb", "max_memory is below"}}) {
    const Said said = run(server + " " + line);
    EXPECT_NE(said.status, 0) << line;
    EXPECT_NE(said.text.find(part), std::string::npos) << said.text;
  }
}

}  // namespace
}  // namespace larder::endpoint

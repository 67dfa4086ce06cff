// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A redis-server of our own.
#include "differential/redis_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace larder::differential {
namespace {

constexpr int kStartMsMax = 30'000;

std::string new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "larder-redis-XXXXXX").string();
  return mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
}

// In the child: becomes the server, or ends with 127.
[[noreturn]] void become_server(const std::string& folder, const std::string& socket_path, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  const std::array<const char*, 20> arguments = {"redis-server",
                                                 "--port",
                                                 "0",
                                                 "--unixsocket",
                                                 socket_path.c_str(),
                                                 "--save",
                                                 "",
                                                 "--appendonly",
                                                 "no",
                                                 "--dir",
                                                 folder.c_str(),
                                                 "--daemonize",
                                                 "no",
                                                 "--loglevel",
                                                 "notice",
                                                 "--logfile",
                                                 "",
                                                 "--databases",
                                                 "1",
                                                 nullptr};
  execvp(arguments[0], const_cast<char* const*>(arguments.data()));
  _exit(127);
}

}  // namespace

RedisServer::RedisServer() { start(); }

void RedisServer::start() {
  folder_ = new_folder();
  if (folder_.empty()) {
    failure_ = "no temporary folder can be made";
    return;
  }
  socket_path_ = folder_ + "/redis.sock";
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    failure_ = "no pipe can be made";
    return;
  }
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) become_server(folder_, socket_path_, ends[1], parent);
  close(ends[1]);
  log_ = ends[0];
  if (process_ < 0 || !wait_until_ready(log_)) {
    failure_ =
        "redis-server did not start. These tests compare Larder with the real one: install the package "
        "redis-server (7.0). " +
        failure_;
  }
}

bool RedisServer::wait_until_ready(int log) {
  std::string said;
  std::array<char, 4096> buffer{};
  while (said.find("ready to accept connections") == std::string::npos) {
    pollfd waiting{log, POLLIN, 0};
    if (poll(&waiting, 1, kStartMsMax) <= 0) break;
    const ssize_t count = read(log, buffer.data(), buffer.size());
    if (count <= 0) break;  // it has ended
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (said.find("ready to accept connections") != std::string::npos) return true;
  failure_ = said.empty() ? "The program was not found." : "It said:\n" + said;
  return false;
}

RedisServer::~RedisServer() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  if (log_ >= 0) close(log_);
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

RedisServer& RedisServer::instance() {
  static RedisServer server;
  return server;
}

}  // namespace larder::differential

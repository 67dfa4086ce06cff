// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A redis-server of the program's own, on a unix socket in a temporary folder; stopped when this goes.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "larder/near_cache.h"

extern char** environ;

namespace larder::near_demo {

class OwnServer {
 public:
  OwnServer() {
    std::string folder = (std::filesystem::temp_directory_path() / "larder-near-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return;
    folder_ = folder;
    std::string words[] = {"redis-server", "--port",       "0",          "--save", "", "--appendonly",
                           "no",           "--unixsocket", socket_path()};
    char* arguments[std::size(words) + 1] = {};
    for (std::size_t i = 0; i < std::size(words); ++i) arguments[i] = words[i].data();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&process_, "redis-server", &actions, nullptr, arguments, environ) != 0) process_ = -1;
    posix_spawn_file_actions_destroy(&actions);
  }
  ~OwnServer() {
    if (process_ > 0) {
      kill(process_, SIGTERM);
      waitpid(process_, nullptr, 0);
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  std::string socket_path() const { return folder_ + "/socket"; }
  // Whether it answers, soon.
  bool answers() const {
    for (int i = 0; process_ > 0 && i < 250; ++i) {
      if (NearCache::open({.unix_path = socket_path()}).ok()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

 private:
  std::string folder_;
  pid_t process_ = -1;
};

}  // namespace larder::near_demo

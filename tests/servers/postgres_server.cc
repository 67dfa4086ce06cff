// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "servers/postgres_server.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace larder::servers {
namespace {

constexpr const char* kAdvice =
    "PostgreSQL did not start. These tests need the real one: install the package postgresql. ";

// Debian keeps the server's programs off the path, by version. Empty: they are on the path, or nowhere.
std::string folder_of_programs() {
  std::vector<std::string> found;
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    if (std::filesystem::exists(version.path() / "bin" / "postgres", none)) found.push_back(version.path() / "bin/");
  }
  std::sort(found.begin(), found.end());
  return found.empty() ? std::string() : found.back();
}

std::optional<Account> account_to_run_as() {
  if (geteuid() != 0) return {};
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = getpwnam(name); user != nullptr) return Account{user->pw_uid, user->pw_gid};
  }
  return {};
}

}  // namespace

PostgresServer::PostgresServer() : folder_("postgres"), programs_(folder_of_programs()), account_(account_to_run_as()) {
  if (account_ && chown(folder_.path().c_str(), account_->user, account_->group) != 0) {
    failure_ = "the folder cannot be given to the user postgres";
    return;
  }
  // As little as can be: no fsync, small files.
  failure_ = run_program({.words = {programs_ + "initdb", "-D", folder_.path() + "/data", "--no-sync", "-A", "trust",
                                    "-U", "larder", "--no-locale", "-E", "UTF8", "--wal-segsize=1"},
                          .account = account_});
  if (!failure_.empty()) {
    failure_ = kAdvice + failure_;
    return;
  }
  start();
}

void PostgresServer::start() {
  constexpr int kTries = 50;  // until the children of one that was killed have gone
  for (int i = 0; i < kTries; ++i) {
    failure_ = process_.start(
        {.words = {programs_ + "postgres", "-D", folder_.path() + "/data", "-k", folder_.path(), "-c",
                   "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=40",
                   "-c", "log_min_messages=log", "-c", "log_checkpoints=off", "-c", "autovacuum=off"},
         .ready = "ready to accept connections",
         .account = account_});
    if (failure_.empty()) return;
  }
  failure_ = kAdvice + failure_;
}

PostgresServer& PostgresServer::instance() {
  static PostgresServer server;
  return server;
}

}  // namespace larder::servers

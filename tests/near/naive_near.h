// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A near cache as it is often written, on a map and two connections, with what it takes to be right, or without one of
// these: so that chaos is seen to find what is missing.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "near/chaos.h"
#include "servers/wire_client.h"

namespace larder::near {

struct NaiveHas {
  bool leases = true;       // an answer that a change overtakes is not kept
  bool data_deaths = true;  // all copies go when the connection has ended through which they came
  bool heartbeats = true;   // which is found out also while nobody asks for anything
};

class NaiveNear final : public Reader {
 public:
  NaiveNear(std::string path, NaiveHas has) : path_(std::move(path)), has_(has) {
    reports_ = std::jthread([this] { take_reports(); });
    support::wait_until([&] { return connected(); });
    if (has_.heartbeats) heart_ = std::jthread([this] { beat(); });
  }
  ~NaiveNear() override {
    stops_ = true;
    if (const int socket = subscriber_; socket >= 0) shutdown(socket, SHUT_RDWR);
  }

  Lookup<std::string> get(const std::string& key) override {
    std::uint64_t lease = 0;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = copies_.find(key); found != copies_.end()) return found->second;
      lease = leases_[key] = ++last_lease_;
    }
    const Lookup<std::string> value = ask(key);
    const std::lock_guard lock(mutex_);
    const bool is_current = leases_.contains(key) && leases_[key] == lease;
    if (value && (is_current || !has_.leases)) copies_[key] = *value;
    if (is_current) leases_.erase(key);
    return value;
  }
  bool connected() override { return subscriber_ >= 0; }

 private:
  Lookup<std::string> ask(const std::string& key) {
    const std::lock_guard lock(data_mutex_);
    if (!data_alive()) return Status(ErrorCode::kDisconnected, "no connection");
    data_->send(servers::request({"CLIENT", "CACHING", "YES"}) + servers::request({"GET", key}));
    const std::string yes = data_->reply();
    const std::string reply = data_->reply();
    if (yes != "+OK\r\n" || reply.empty()) {
      lose_data();
      return Status(ErrorCode::kDisconnected, "it has ended");
    }
    if (reply[0] != '$' || reply == "$-1\r\n") return {};
    const std::size_t begin = reply.find('\n') + 1;
    return reply.substr(begin, reply.size() - begin - 2);
  }

  bool data_alive() {
    if (data_ && data_tracks_ == session_ && data_->connected()) return true;
    data_.emplace(path_);
    data_tracks_ = session_;
    const std::string redirect = std::to_string(subscriber_id_);
    return data_->connected() && data_->call({"CLIENT", "TRACKING", "ON", "REDIRECT", redirect, "OPTIN"}) == "+OK\r\n";
  }

  void lose_data() {
    data_.reset();
    if (has_.data_deaths) forget_all();
  }

  void beat() {
    while (!stops_) {
      std::this_thread::sleep_for(20ms);
      const std::lock_guard lock(data_mutex_);
      if (data_ && data_->call({"PING"}) != "+PONG\r\n") lose_data();
    }
  }

  void forget_all() {
    const std::lock_guard lock(mutex_);
    copies_.clear();
    leases_.clear();
  }

  void take_reports() {
    while (!stops_) {
      servers::WireClient client(path_);
      const std::string id = client.connected() ? client.call({"CLIENT", "ID"}) : std::string();
      if (id.empty() || client.call({"SUBSCRIBE", "__redis__:invalidate"}).empty()) {
        std::this_thread::sleep_for(5ms);
        continue;
      }
      subscriber_id_ = std::stoll(id.substr(1));
      ++session_;
      forget_all();
      subscriber_ = client.descriptor();
      for (std::string report = client.reply(); !report.empty(); report = client.reply()) take(report);
      subscriber_ = -1;
      forget_all();
    }
  }

  // "*3", "message", the channel, and an array of keys, or none: all.
  void take(const std::string& report) {
    const std::string channel = "__redis__:invalidate\r\n";
    const std::size_t at = report.find(channel) + channel.size();
    if (report[at] != '*' || report.compare(at, 3, "*-1") == 0) return forget_all();
    const std::lock_guard lock(mutex_);
    for (std::size_t begin = report.find("key:", at); begin != std::string::npos;
         begin = report.find("key:", begin + 1)) {
      const std::string key = report.substr(begin, report.find('\r', begin) - begin);
      copies_.erase(key);
      leases_.erase(key);
    }
  }

  const std::string path_;
  const NaiveHas has_;
  std::mutex mutex_;
  std::map<std::string, std::string> copies_;
  std::map<std::string, std::uint64_t> leases_;
  std::uint64_t last_lease_ = 0;
  std::mutex data_mutex_;
  std::optional<servers::WireClient> data_;
  std::uint64_t data_tracks_ = 0;
  std::atomic<int> subscriber_{-1};
  std::atomic<std::int64_t> subscriber_id_{0};
  std::atomic<std::uint64_t> session_{0};
  std::atomic<bool> stops_{false};
  std::jthread reports_;
  std::jthread heart_;
};

}  // namespace larder::near
